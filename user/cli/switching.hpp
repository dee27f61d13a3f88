// SPDX-License-Identifier: BSD-2-Clause
// When `irqscope record` goes on in another file, as it is told: --max-size, --keep, --switch-on-stall and SIGUSR2.
#pragma once

#include "cli/commands.hpp"
#include "cli/wait.hpp"
#include "recording/files.hpp"
#include "recording/recorder.hpp"
#include "recording/switch_rule.hpp"
#include "result.hpp"
#include "sink/stall_sink.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace irqscope::cli {

// As given; empty: not given.
struct switching_options {
    std::string max_size;
    std::string keep;
    std::string before; // --switch-on-stall
};

struct switching_plan {
    recording::switch_rule::plan rule;
    std::size_t keep = 0;
    std::uint64_t before_ns = 0;
};

void add_switching(CLI::App& app, switching_options& to);
// Fails: usage.
result<switching_plan> understand(const switching_options& options);

// What a thread that makes files does before it gives up its rights: without them root can make files in its own directories
// only, and so in the others it goes on as their owner. For the calling thread alone.
void become_able_to_make_files(const std::string& path);

// Between the watch and the recording.
class switching final : public sink::stall_sink {
public:
    // asks: SIGUSR2. recorder and to live as long as this.
    switching(const switching_plan& plan, recording::recorder& recorder, sink::stall_sink& to, signals asks)
        : rule_(plan.rule), recorder_(&recorder), to_(&to), asks_(std::move(asks)) {}

    [[nodiscard]] int descriptor() const { return asks_.descriptor(); } // readable when SIGUSR2 has come
    // At each turn: the present interval should end now.
    bool closes();
    // The interval that ended then is in the recording.
    void closed(std::uint64_t end_ns);

    bool begin(const sink::stalls_heading& heading) override { return to_->begin(heading); }
    bool stall(const model::stall& one) override;
    bool over(const model::stall& one) override;
    bool report(const model::stalls_report& report) override { return to_->report(report); }

private:
    void take(recording::switch_rule::step what);

    recording::switch_rule rule_;
    recording::recorder* recorder_;
    sink::stall_sink* to_;
    signals asks_;
};

} // namespace irqscope::cli
