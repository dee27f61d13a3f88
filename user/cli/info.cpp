// SPDX-License-Identifier: BSD-2-Clause
// `irqscope info`: what is in a recording, and whether it is whole.
#include "cli/recorded.hpp"
#include "sink/recording.hpp"

#include <memory>

namespace irqscope::cli {

namespace {

struct info_options {
    recorded_options recorded;
    bool json = false;
};

class nobody final : public stream::span_sink {
public:
    void on_interrupt(const wire_span& /*span*/) override {}
    void on_softirq(const wire_softirq_span& /*span*/) override {}
};

result<void> run_info(const info_options& options) {
    auto from = recording::replay::open(options.recorded.input);
    if (!from) return tl::unexpected(from.error());
    nobody spans;
    recording::listener others;
    from->run({}, spans, others); // every chunk is read, so that damage in it is found
    sink::recording_info(*from, options.json);
    return {};
}

} // namespace

command add_info(CLI::App& parent) {
    const auto options = std::make_shared<info_options>();
    CLI::App* info = parent.add_subcommand("info", "what is in a recording, and whether it is whole");
    add_recorded(*info, options->recorded, false);
    info->add_flag("--json", options->json, "one document (docs/JSON.md)");
    return [options](const global_options& /*global*/) { return run_info(*options); };
}

} // namespace irqscope::cli
