// SPDX-License-Identifier: BSD-2-Clause
#include "live/made_recording.hpp"

#include "live/support.hpp"
#include "recording/recorder.hpp"
#include "sink/recorded.hpp"

#include <array>
#include <fmt/format.h>

namespace irqscope::live {

namespace {

constexpr std::array cpus{0, 3, 130};

model::stall make_stall(std::size_t number) {
    model::stall made;
    made.kind = model::all_stall_kinds.at(number % model::all_stall_kinds.size());
    made.cpu = cpus.at(number % cpus.size());
    made.end_ns = made_start_ns + number * 1000;
    made.at_least_ns = (number + 1) * 1000;
    made.start_ns = made.end_ns - made.at_least_ns;
    made.current = {static_cast<int>(number % 50), number % 3 == 0 ? "kworker/3:1 [x]" : "my; task (a)"};
    if (number % 5 == 0) return made;
    made.stack_is = model::stack_kind::post_hoc;
    made.stack = {fmt::format("hold_{}.part.0+0x12", number % 300), "vfs_write+0xd6", "ipt_do_table+0x23c [ip_tables]"};
    if (number % 3 == 0) made.culprit = model::series_id{model::metric::hardirq_run, "eth0-TxRx [0] a b", 36, {}};
    return made;
}

} // namespace

recording::header make_recording(const std::string& file, std::size_t stalls) {
    recording::header about;
    about.version = "0.1.0";
    about.host = "a host";
    about.kernel = "6.1.0 #1";
    about.machine = "x86_64";
    about.monotonic_ns = made_start_ns + 100'000;
    about.boottime_ns = about.monotonic_ns;
    about.realtime_ns = 1'746'680'000'000'000'000;
    about.cpus.assign(cpus.begin(), cpus.end());
    recording::files_plan where;
    where.path = file;
    auto files = must(recording::files::prepare(where, [&about](std::uint64_t) { return text_of(about); }));
    must(files.open());
    recording::recorder out(std::move(files), [] { return stream::catalog{}; });
    out.start([] {});
    sink::recorded to(out);
    sink::stalls_heading heading;
    heading.cpus = about.cpus;
    to.begin(heading);
    for (std::size_t i = 0; i < stalls; i++) {
        model::stall one = make_stall(i);
        if (i % 7 == 3) {
            model::stall open = one;
            open.state = model::stall_state::open;
            open.at_least_ns = 1;
            to.stall(open);
            to.over(one);
        }
        to.stall(one);
        if (i % 1000 == 999) out.flush();
    }
    model::snapshot interval;
    interval.start_ns = made_start_ns;
    interval.duration_ns = stalls * 1000 + 1;
    to.interval(interval, {});
    must(out.finish());
    return about;
}

} // namespace irqscope::live
