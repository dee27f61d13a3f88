// SPDX-License-Identifier: BSD-2-Clause
// `irqscope selftest`: holds a CPU on purpose, and looks whether `irqscope stalls` tells it.
#include "model/selftest.hpp"
#include "cli/commands.hpp"
#include "cli/parse.hpp"
#include "host/child.hpp"
#include "host/cpus.hpp"
#include "host/system.hpp"
#include "probe/injector.hpp"
#include "probe/rights.hpp"
#include "sink/selftest.hpp"
#include "sink/sink.hpp"
#include "sink/units.hpp"
#include "stream/stall_lines.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace irqscope::cli {

namespace {

using model::injection;
using std::chrono::milliseconds;

constexpr milliseconds gap{100};       // between two injections, so that each is a stall of its own
constexpr milliseconds aftermath{500}; // until the tracer has told the last one
constexpr milliseconds to_attach{30'000};
constexpr milliseconds to_end{15'000};

// Found for certain is what is longer than the threshold and a heartbeat's period together.
constexpr std::uint64_t least_ns = 2'000'000;
constexpr std::uint64_t most_ns = 50'000'000;

constexpr std::array default_kinds{injection::irq_off, injection::softirq_off, injection::timer_interrupt,
                                   injection::device_interrupt, injection::net_rx_softirq};

const std::vector<std::string>& tracer() {
    static const std::vector<std::string> arguments{
        "stalls", "--json", "--irq-off", "1ms", "--softirq-off", "1ms", "--hardirq-run", "1ms", "--softirq-run", "1ms"};
    return arguments;
}

struct selftest_options {
    std::string cpu;
    std::string lengths = "2ms,10ms";
    std::string kinds;
    std::size_t count = 5;
    bool json = false;
    bool yes = false;
};

struct plan {
    int cpu = 0;
    std::vector<injection> kinds;
    std::vector<std::uint64_t> lengths_ns;
    std::size_t count = 0;

    [[nodiscard]] std::size_t injections() const { return kinds.size() * lengths_ns.size() * count; }
};

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts;
    std::size_t start = 0;
    while (start <= text.size()) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        parts.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return parts;
}

// The last one by default: CPU 0 has the most work of its own.
result<int> choose_cpu(const std::string& text) {
    const auto cpus = text.empty() ? host::online_cpus() : parse_cpus("--cpu", text);
    if (!cpus) return tl::unexpected(cpus.error());
    if (!text.empty() && cpus->size() != 1)
        return failure(exit_status::usage, fmt::format("--cpu {}: one CPU is held, not several", text));
    return cpus->back();
}

result<std::vector<injection>> parse_kinds(const std::string& text) {
    if (text.empty()) return std::vector(default_kinds.begin(), default_kinds.end());
    std::vector<injection> chosen;
    for (const std::string& name : split(text)) {
        const auto* const found = std::find_if(model::all_injections.begin(), model::all_injections.end(),
                                               [&name](injection one) { return model::name_of(one) == name; });
        if (found == model::all_injections.end()) {
            std::vector<std::string_view> names;
            for (const injection one : model::all_injections) names.push_back(model::name_of(one));
            return failure(exit_status::usage, fmt::format("--kind {}: there is no injection '{}'; there are {}", text,
                                                           name, fmt::join(names, ", ")));
        }
        if (std::find(chosen.begin(), chosen.end(), *found) == chosen.end()) chosen.push_back(*found);
    }
    return chosen;
}

result<std::vector<std::uint64_t>> parse_lengths(const std::string& text) {
    std::vector<std::uint64_t> lengths;
    for (const std::string& one : split(text)) {
        const auto ns = parse_threshold("--length", one);
        if (!ns) return tl::unexpected(ns.error());
        if (*ns < least_ns || *ns > most_ns)
            return failure(exit_status::usage,
                           fmt::format("--length {}: must be from {} (shorter ones are found by chance only) to {} "
                                       "(longer ones are felt)",
                                       one, sink::format_ns(least_ns), sink::format_ns(most_ns)));
        if (std::find(lengths.begin(), lengths.end(), *ns) == lengths.end()) lengths.push_back(*ns);
    }
    return lengths;
}

result<plan> understand(const selftest_options& options) {
    plan made;
    made.count = options.count;
    auto kinds = parse_kinds(options.kinds);
    if (!kinds) return tl::unexpected(kinds.error());
    made.kinds = std::move(*kinds);
    auto lengths = parse_lengths(options.lengths);
    if (!lengths) return tl::unexpected(lengths.error());
    made.lengths_ns = std::move(*lengths);
    for (const injection kind : made.kinds)
        for (const std::uint64_t length : made.lengths_ns)
            if (auto allowed = probe::injector::check_length(kind, length); !allowed)
                return tl::unexpected(allowed.error());
    const auto cpu = choose_cpu(options.cpu);
    if (!cpu) return tl::unexpected(cpu.error());
    made.cpu = *cpu;
    return made;
}

// What is about to happen, and to whom; then the question, unless it was answered beforehand.
result<void> agree(const plan& todo, const selftest_options& options) {
    if (!options.yes && (isatty(STDIN_FILENO) == 0 || isatty(STDERR_FILENO) == 0))
        return failure(exit_status::usage, "selftest holds a CPU on purpose and asks first: run it on a terminal, or "
                                           "with --yes");
    std::vector<std::string> lengths;
    for (const std::uint64_t ns : todo.lengths_ns) lengths.push_back(sink::format_ns(ns));
    fmt::print(stderr,
               "irqscope: {} times, CPU {} will be held for {}, some {} ms apart, while `irqscope stalls` watches:\n",
               todo.injections(), todo.cpu, fmt::join(lengths, " or "), gap.count());
    for (const injection kind : todo.kinds)
        fmt::print(stderr, "  {}: {};\n    {}\n", model::name_of(kind), model::meaning_of(kind),
                   model::effect_on_others(kind));
    if (options.yes) return {};
    fmt::print(stderr, "Go on? [y/N] ");
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "y" || answer == "Y" || answer == "yes") return {};
    return failure(exit_status::usage, "nothing was done");
}

// The injectors of one run, and what came of them.
class injections {
public:
    explicit injections(const plan& todo) : todo_(&todo) {}

    // Fails (not_possible) if this kernel or these rights allow none of them.
    result<void> load();
    // All of them, in turn rather than kind by kind: what disturbs one moment disturbs all kinds alike. Fails: failed.
    result<void> run();

    [[nodiscard]] const std::vector<model::injected>& truths() const { return truths_; }
    [[nodiscard]] std::vector<model::selftest_plan_item> plan_items() const;

private:
    // Again when it was disturbed (by the hypervisor, say), but not for ever: on a crowded host it always does.
    result<void> one(injection kind, std::uint64_t length_ns);

    const plan* todo_;
    std::map<injection, probe::injector> injectors_;
    std::map<injection, std::string> why_not_;
    std::vector<model::injected> truths_;
};

result<void> injections::load() {
    for (const injection kind : todo_->kinds) {
        auto loaded = probe::injector::load(kind);
        if (loaded)
            injectors_.emplace(kind, std::move(*loaded));
        else if (loaded.error().status == exit_status::not_possible)
            why_not_[kind] = loaded.error().message;
        else
            return tl::unexpected(loaded.error());
    }
    if (injectors_.empty()) return failure(exit_status::not_possible, why_not_.begin()->second);
    return {};
}

result<void> injections::one(injection kind, std::uint64_t length_ns) {
    const auto found = injectors_.find(kind);
    if (found == injectors_.end()) return {};
    constexpr int tries = 3;
    for (int i = 0; i < tries; i++) {
        auto truth = found->second.inject(todo_->cpu, length_ns);
        if (!truth) {
            if (truth.error().status != exit_status::not_possible) return tl::unexpected(truth.error());
            why_not_[kind] = truth.error().message;
            injectors_.erase(found); // each try would take its time
            return {};
        }
        const bool spoilt = model::is_disturbed(*truth, length_ns);
        truths_.push_back({std::move(*truth), length_ns});
        std::this_thread::sleep_for(gap);
        if (!spoilt) break;
    }
    return {};
}

result<void> injections::run() {
    for (std::size_t i = 0; i < todo_->count; i++)
        for (const std::uint64_t length : todo_->lengths_ns)
            for (const injection kind : todo_->kinds)
                if (auto done = one(kind, length); !done) return done;
    return {};
}

std::vector<model::selftest_plan_item> injections::plan_items() const {
    std::vector<model::selftest_plan_item> items;
    for (const injection kind : todo_->kinds)
        for (const std::uint64_t length : todo_->lengths_ns) {
            const auto reason = why_not_.find(kind);
            items.push_back({kind, length, reason == why_not_.end() ? std::string() : reason->second});
        }
    return items;
}

// The tracer's own last words say best why it does not watch.
error explain_end(const host::child_outcome& outcome) {
    std::string words = outcome.err;
    while (!words.empty() && words.back() == '\n') words.pop_back();
    if (const std::size_t line = words.rfind('\n'); line != std::string::npos) words.erase(0, line + 1);
    const bool not_possible = outcome.status == static_cast<int>(exit_status::not_possible);
    return {not_possible ? exit_status::not_possible : exit_status::failed,
            fmt::format("`irqscope stalls` ended with status {}{}", outcome.status,
                        words.empty() ? std::string() : " and said: " + words)};
}

result<void> run_selftest(const selftest_options& options, const global_options& global) {
    const auto todo = understand(options);
    if (!todo) return tl::unexpected(todo.error());
    if (global.btf_file)
        return failure(exit_status::not_possible, "selftest needs the kernel's own BTF and does not go with --btf");
    if (const auto allowed = probe::require_rights(); !allowed) return allowed;
    injections made(*todo);
    if (auto done = made.load(); !done) return done;
    if (auto agreed = agree(*todo, options); !agreed) return agreed;

    auto watcher = host::child::start(tracer());
    if (!watcher) return tl::unexpected(watcher.error());
    if (!watcher->wait_for("watching", to_attach)) return tl::unexpected(explain_end(watcher->finish(to_end)));
    model::selftest_report report;
    report.start_time = std::chrono::system_clock::now();
    const std::uint64_t start = host::monotonic_ns();
    std::this_thread::sleep_for(gap);
    auto done = made.run();
    report.duration_ns = host::monotonic_ns() - start;
    std::this_thread::sleep_for(aftermath);
    const host::child_outcome outcome = watcher->finish(to_end);
    if (!done) return done;
    if (outcome.status != 0) return tl::unexpected(explain_end(outcome));

    const auto told = stream::parse_stall_lines(outcome.out);
    if (!told) return tl::unexpected(told.error());
    const host::system here = host::read_system();
    report.host = here.host;
    report.kernel = here.kernel;
    report.machine = here.machine;
    report.cpu = todo->cpu;
    report.command = fmt::format("irqscope {}", fmt::join(tracer(), " "));
    report.set_aside = told->set_aside;
    model::judge(made.plan_items(), made.truths(), told->stalls, report);
    sink::write_out(options.json ? sink::json_of(report) : sink::text_of(report));
    switch (report.verdict) {
    case model::selftest_verdict::seen:
    case model::selftest_verdict::inexact: return {};
    case model::selftest_verdict::missed:
        return failure(exit_status::changed, "not all that was injected was seen, see above");
    case model::selftest_verdict::not_possible: break;
    }
    return failure(exit_status::not_possible, "nothing that counts could be injected here, see above");
}

} // namespace

command add_selftest(CLI::App& parent) {
    const auto options = std::make_shared<selftest_options>();
    CLI::App* selftest = parent.add_subcommand(
        "selftest", "holds a CPU on purpose for known times, and says how well `irqscope stalls` sees it");
    selftest->add_option("--cpu", options->cpu, "the CPU that is held (the last one)")->type_name("N");
    selftest->add_option("--length", options->lengths, "for how long, with commas (2ms,10ms; from 2ms to 50ms)")
        ->type_name("TIMES");
    selftest->add_option("--count", options->count, "how often each kind with each length (5)")
        ->type_name("N")
        ->check(CLI::Range(1, 1000).description(""));
    selftest
        ->add_option("--kind", options->kinds,
                     "only these, with commas: irq_off, softirq_off,\ntimer_interrupt, device_interrupt, "
                     "net_rx_softirq; and,\nonly when asked for, timer_hold, timer_softirq, idle_entry,\nidle_leave")
        ->type_name("LIST");
    selftest->add_flag("--json", options->json, "one document (docs/JSON.md)");
    selftest->add_flag("--yes", options->yes, "do not ask first");
    selftest->footer(
        "It stalls the CPU for real, for at most 50 ms at a time, and always less than a tenth of "
        "kernel.watchdog_thresh;\n"
        "what that does to the other CPUs it says before it asks. Programs and child end with it, however it ends.\n"
        "Exit status: 0 everything was seen, 4 something was missed, 3 nothing can be injected here (and why).");
    return [options](const global_options& global) { return run_selftest(*options, global); };
}

} // namespace irqscope::cli
