// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress.hpp"

#include "sink/units.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace irqscope::cli {

progress::progress(const recording::recorder& of, std::optional<std::uint64_t> duration_ns)
    : of_(&of), duration_ns_(duration_ns), shown_(isatty(STDERR_FILENO) != 0) {}

void progress::show(const model::snapshot& interval) {
    ns_ += interval.duration_ns;
    for (const auto& [kind, count] : interval.lost.counts) lost_ += count;
    if (!shown_) return;
    const auto now = of_->so_far();
    const std::uint64_t ns = std::max<std::uint64_t>(ns_, 1);
    const std::uint64_t spans = now.spans - spans_;
    spans_ = now.spans;
    const std::uint64_t until = duration_ns_.value_or(3'600'000'000'000);
    const auto projected = static_cast<double>(now.bytes) * static_cast<double>(until) / static_cast<double>(ns);
    fmt::print(stderr, "\r\x1b[Kirqscope: {}  {} spans ({}/s), {} stalls  {}, {} {}  lost: {}", sink::format_ns(ns),
               sink::format_count(now.spans),
               sink::format_rate(static_cast<double>(spans) * 1e9 /
                                 static_cast<double>(std::max<std::uint64_t>(interval.duration_ns, 1))),
               sink::format_count(now.stalls), sink::format_bytes(now.bytes),
               sink::format_bytes(static_cast<std::uint64_t>(projected)), duration_ns_ ? "at the end" : "an hour",
               lost_ == 0 ? "nothing" : sink::format_count(lost_));
}

void progress::clear() const {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void progress::sum_up(const std::string& name, bool with_spans) const {
    const auto now = of_->so_far();
    if (now.files == 0) {
        fmt::print(stderr, "irqscope: no stall came in {}, and so there is no file\n", sink::format_ns(ns_));
    } else {
        std::string text = fmt::format("irqscope: {}: ", name);
        if (now.files > 1) text += fmt::format("the newest of {} files", now.files);
        if (now.files > now.kept) text += fmt::format(", of which {} are kept", now.kept);
        if (now.files > 1) text += ": ";
        if (with_spans) text += fmt::format("{} spans, ", sink::format_count(now.spans));
        text += fmt::format("{} stalls in {}, {}", sink::format_count(now.stalls), sink::format_ns(ns_),
                            sink::format_bytes(now.bytes));
        if (with_spans && now.spans != 0)
            text +=
                fmt::format(" ({:.1f} bytes a span)", static_cast<double>(now.bytes) / static_cast<double>(now.spans));
        text += lost_ == 0 ? "; lost: nothing"
                           : fmt::format("; lost: {} (`irqscope report` says what)", sink::format_count(lost_));
        fmt::print(stderr, "{}\n", text);
    }
    if (now.crowded_out != 0)
        fmt::print(stderr,
                   "irqscope: what came before a stall is short in some files: {} intervals found no memory, which is "
                   "{}\n",
                   now.crowded_out, sink::format_bytes(recording::files_plan{}.before_bytes));
}

} // namespace irqscope::cli
