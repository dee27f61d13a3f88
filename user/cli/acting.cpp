// SPDX-License-Identifier: BSD-2-Clause
#include "cli/acting.hpp"

#include "cli/parse.hpp"
#include "cli/wait.hpp"
#include "host/command.hpp"
#include "host/system.hpp"
#include "sink/json_parts.hpp"
#include "sink/kmsg.hpp"
#include "sink/sink.hpp"
#include "sink/text_words.hpp"
#include "sink/units.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <utility>
#include <vector>

namespace irqscope::cli {

void add_acting(CLI::App& app, acting_options& to) {
    app.add_flag("--kmsg", to.kmsg, "a line into the kernel log for each incident and each step to a lockup");
    app.add_option(
           "--on-stall", to.command,
           "is run for each incident and each step to a lockup, with that stall's\nJSON as its input; no shell, "
           "one at a time (docs/ACTING.md)")
        ->type_name("COMMAND");
    app.add_option("--on-stall-kinds", to.kinds, "only for these: irq_off,lockup,.. (all that are watched for)")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->type_name("KINDS");
    app.add_option("--on-stall-limit", to.limit, "then it and what it has started is killed (10s)")->type_name("TIME");
    app.add_option("--on-stall-every", to.every, "not more often; what is skipped is counted (10s; or off)")
        ->type_name("TIME");
}

namespace {

constexpr std::uint64_t usual_ns = 10'000'000'000;

result<std::set<model::stall_kind>> kinds_of(const std::vector<std::string>& names,
                                             const std::map<model::stall_kind, std::uint64_t>& watched) {
    std::set<model::stall_kind> kinds;
    if (names.empty()) {
        for (const auto& [kind, ns] : watched) kinds.insert(kind);
        return kinds;
    }
    for (const std::string& name : names) {
        const auto found = model::stall_kind_named(name);
        if (!found) {
            std::vector<std::string_view> all;
            for (const model::stall_kind one : model::all_stall_kinds) all.push_back(model::name_of(one));
            return failure(exit_status::usage, fmt::format("--on-stall-kinds: there is no kind '{}'; there are {}",
                                                           name, fmt::join(all, ", ")));
        }
        if (!watched.contains(*found))
            return failure(exit_status::usage, fmt::format("--on-stall-kinds {}: that kind is off", name));
        kinds.insert(*found);
    }
    return kinds;
}

} // namespace

result<acting_plan> understand(const acting_options& options,
                               const std::map<model::stall_kind, std::uint64_t>& watched) {
    acting_plan made;
    made.with.kernel_log = options.kmsg;
    made.with.limit_ns = usual_ns;
    made.when.interval_ns = usual_ns;
    if ((made.with.kernel_log || options.command) && watched.empty())
        return failure(exit_status::usage, "every kind of stall is off: there is nothing to act on");
    if (!options.command) {
        for (const auto& [name, is_given] :
             {std::pair{"kinds", !options.kinds.empty()}, std::pair{"limit", !options.limit.empty()},
              std::pair{"every", !options.every.empty()}})
            if (is_given) return failure(exit_status::usage, fmt::format("--on-stall-{} needs --on-stall", name));
        return made;
    }
    auto words = parse_command("--on-stall", *options.command);
    if (!words) return tl::unexpected(words.error());
    made.with.command = std::move(*words);
    if (auto found = host::find_command(made.with.command.front()); !found)
        return failure(found.error().status, "--on-stall: " + found.error().message);
    auto kinds = kinds_of(options.kinds, watched);
    if (!kinds) return tl::unexpected(kinds.error());
    made.when.kinds = std::move(*kinds);
    for (const auto& [name, text, to] : {std::tuple{"--on-stall-limit", &options.limit, &made.with.limit_ns},
                                         std::tuple{"--on-stall-every", &options.every, &made.when.interval_ns}}) {
        if (text->empty()) continue;
        if (*text == "off" && to == &made.when.interval_ns) {
            *to = 0;
            continue;
        }
        const auto ns = parse_duration(name, *text);
        if (!ns) return tl::unexpected(ns.error());
        *to = *ns;
    }
    return made;
}

result<std::optional<helper>> start_helper(const acting_plan& plan) {
    if (!plan.is_wanted()) return std::nullopt;
    auto started = helper::start(plan.with);
    if (!started) return tl::unexpected(started.error());
    return std::optional<helper>(std::move(*started));
}

namespace {

std::string words_of(const host::errand::end& end) {
    const std::string took = sink::format_ns(end.took_ns);
    if (end.killed)
        return (end.had_ended ? "has ended, and what it left running was killed after " : "was killed after ") + took;
    if (end.reason != 0) return fmt::format("cannot be run: {}", std::strerror(end.reason));
    if (end.status > 128) return fmt::format("was ended by signal {}", end.status - 128);
    return fmt::format("failed with status {}", end.status);
}

} // namespace

bool acting::begin(const sink::stalls_heading& heading) {
    lines_.begin(heading);
    return to_->begin(heading);
}

void acting::took(std::uint64_t since_ns) {
    counts_.longest_ns = std::max(counts_.longest_ns, host::monotonic_ns() - since_ns);
}

bool acting::stall(const model::stall& one) {
    if (helper_) {
        const std::uint64_t since_ns = host::monotonic_ns();
        if (plan_->with.kernel_log) log_.told(one);
        if (rule_.told(one, since_ns) == model::act_verdict::run) act(one);
        took(since_ns);
    }
    return to_->stall(one);
}

void acting::act(const model::stall& one) {
    std::optional<int> held; // the command should get on
    if (one.state == model::stall_state::open) held = one.cpu;
    if (helper_->run(lines_.text_of(one), held)) {
        counts_.runs++;
        return;
    }
    counts_.undelivered++;
    rule_.end(); // or it would be tried again and again
    rule_.over(host::monotonic_ns());
}

void acting::write(const std::vector<model::log_rule::line>& lines) {
    for (const model::log_rule::line& one : lines)
        (helper_->log(sink::kmsg_of(one)) ? counts_.lines : counts_.undelivered)++;
}

void acting::turn(std::uint64_t now_ns) {
    if (!helper_) return;
    const std::uint64_t since_ns = host::monotonic_ns();
    write(log_.take(now_ns));
    take_news();
    took(since_ns);
}

void acting::take_news() {
    while (const auto one = helper_->take()) {
        if (one->line_failed == 0) {
            was_over(one->end);
        } else if (counts_.lines_failed++ == 0) {
            fmt::print(stderr, "irqscope: warning: --kmsg: cannot write /dev/kmsg: {}\n",
                       std::strerror(one->line_failed));
        }
    }
    if (!helper_->has_gone() || finishing_ || told_gone_) return;
    told_gone_ = true;
    rule_.end();
    if (rule_.is_running()) rule_.over(host::monotonic_ns());
    fmt::print(stderr,
               "irqscope: warning: the helper process has gone: no more lines in the kernel log, no more runs of "
               "the command\n");
}

void acting::was_over(const host::errand::end& end) {
    const auto next = rule_.over(host::monotonic_ns());
    if (end.killed) counts_.killed++;
    const bool failed = end.status != 0 || end.reason != 0;
    if (failed && !end.killed) counts_.failed++;
    if (failed || end.killed)
        fmt::print(stderr, "irqscope: warning: --on-stall: {} {}\n", plan_->with.command.front(), words_of(end));
    if (next) act(*next);
}

void acting::finish(bool json) {
    if (!helper_) return;
    write(log_.take_rest(host::monotonic_ns()));
    finishing_ = true;
    rule_.end();
    helper_->finish();
    const auto ends = signals::that_end();
    int patience_ms = 300; // then it is said for what we wait
    for (int asked = 0; !helper_->has_gone() && asked < 2;) {
        std::array<pollfd, 2> both{pollfd{helper_->descriptor(), POLLIN, 0},
                                   pollfd{ends ? ends->descriptor() : -1, POLLIN, 0}};
        if (poll(both.data(), both.size(), std::exchange(patience_ms, -1)) == 0)
            fmt::print(stderr, "irqscope: waiting for {}, whose limit is {}; Ctrl-C kills it\n",
                       plan_->with.command.empty() ? "the kernel log" : plan_->with.command.front(),
                       sink::format_setting(plan_->with.limit_ns));
        if (ends && ends->came()) {
            helper_->hurry();
            asked++;
        }
        take_news();
    }
    fmt::print(stderr, "irqscope: {}\n", words());
    if (json) sink::write_out(document());
}

std::string acting::words() const {
    std::vector<std::string> parts;
    if (!plan_->with.command.empty()) {
        std::string runs = "--on-stall: " + sink::counted(counts_.runs, "run");
        if (counts_.failed != 0) runs += fmt::format(", {} failed", counts_.failed);
        if (counts_.killed != 0) runs += fmt::format(", {} killed", counts_.killed);
        if (const auto count = rule_.skipped(model::act_verdict::running); count != 0)
            runs += fmt::format(", {} skipped while it ran", sink::format_count(count));
        if (const auto count = rule_.skipped(model::act_verdict::too_soon); count != 0)
            runs += fmt::format(", {} skipped within {} of the last", sink::format_count(count),
                                sink::format_setting(plan_->when.interval_ns));
        parts.push_back(std::move(runs));
    }
    if (plan_->with.kernel_log) {
        parts.push_back("--kmsg: " + sink::counted(counts_.lines, "line"));
        if (counts_.lines_failed != 0)
            parts.back() += fmt::format(", {} refused by the kernel", sink::format_count(counts_.lines_failed));
        if (log_.left_out() != 0)
            parts.back() += fmt::format(", {} left out (rate limit)", sink::format_count(log_.left_out()));
    }
    if (counts_.undelivered != 0)
        parts.push_back(fmt::format("{} not taken by the helper process", sink::format_count(counts_.undelivered)));
    return fmt::format("{}", fmt::join(parts, "; "));
}

std::string acting::document() const {
    return sink::dump({{"schema", "irqscope.actions/1"},
                       {"runs", counts_.runs},
                       {"failed", counts_.failed},
                       {"killed", counts_.killed},
                       {"skipped_running", rule_.skipped(model::act_verdict::running)},
                       {"skipped_too_soon", rule_.skipped(model::act_verdict::too_soon)},
                       {"lines", counts_.lines},
                       {"lines_refused", counts_.lines_failed},
                       {"lines_left_out", log_.left_out()},
                       {"undelivered", counts_.undelivered},
                       {"longest_ns", counts_.longest_ns}},
                      true);
}

} // namespace irqscope::cli
