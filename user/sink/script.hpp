// SPDX-License-Identifier: BSD-2-Clause
// A recording as lines: one a span or stall, in the order of their ends.
#pragma once

#include "recording/replay.hpp"
#include "sink/json_stalls.hpp"
#include "stream/spans.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::sink {

enum class script_field { start, end, cpu, metric, duration, nested, latency, off, irq, context, key };

// In the order in which they stand where nobody says otherwise; the names are those of -F.
inline constexpr std::array all_script_fields{script_field::start,    script_field::cpu,    script_field::metric,
                                              script_field::duration, script_field::nested, script_field::latency,
                                              script_field::off,      script_field::irq,    script_field::context,
                                              script_field::key,      script_field::end};
std::string_view name_of(script_field which);

struct script_options {
    std::vector<script_field> fields; // of text
    bool json = false;
};

// What comes is held back until its interval is over, since each CPU's spans come by themselves: as much as one interval has.
class script final : public stream::span_sink, public recording::listener {
public:
    using writer = std::function<bool(const std::string&)>; // false: nobody reads any more

    // of: told of by replay::run(), whose names it has as far as they have been read. Without `write`: to standard output.
    script(script_options options, const recording::replay& of, const stalls_heading& heading, writer write = {});

    void on_interrupt(const wire_span& span) override { add(span, WIRE_NO_LATENCY, WIRE_NO_LATENCY); }
    void on_softirq(const wire_softirq_span& span) override { add(span.span, span.latency_ns, span.off_ns); }
    void on_wait(const wire_span& span) override { add(span, WIRE_NO_LATENCY, WIRE_NO_LATENCY); }
    void on_told(model::stall one) override;
    void on_interval(const model::snapshot& one) override;

    void flush(); // what can be told by now is written
    // The rest. False: nobody reads any more.
    bool finish();

private:
    struct line {
        std::uint64_t end_ns = 0;
        wire_softirq_span span{};
        std::uint32_t stall = 0; // 1 + its place in stalls_; 0: it is a span
    };

    void add(const wire_span& span, std::uint64_t latency_ns, std::uint64_t off_ns) {
        held_.push_back({span.start_ns + span.duration_ns, {span, latency_ns, off_ns}, 0});
    }
    void tell(std::uint64_t until_ns);
    [[nodiscard]] std::string text_of(const line& one) const;
    [[nodiscard]] std::string json_of(const line& one) const;

    writer write_;
    script_options options_;
    const recording::replay* of_;
    json_stalls stalls_as_json_;
    std::vector<line> held_;
    std::vector<model::stall> stalls_;
    std::string out_;
    bool read_ = true;
};

} // namespace irqscope::sink
