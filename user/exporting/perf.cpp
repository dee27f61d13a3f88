// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/perf.hpp"

#include "exporting/perf_records.hpp"
#include "sink/page.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace irqscope::exporting {

namespace records = perf_records;

namespace {

// Where no kernel has its text.
constexpr std::uint64_t first_address = 0xffff'f000'0000'0000;
constexpr std::uint32_t function_size = 1U << 20;
constexpr std::size_t most_functions = 65536; // with a name of their own
constexpr const char* other_functions = "other functions";
// Nothing is in it: perf warns where there is no kernel at all, and would name by its own what lies in one.
constexpr std::uint64_t empty_kernel = 0xffff'e000'0000'0000;
constexpr std::uint64_t empty_kernel_size = 4096;

// perf sorts by time, and a stall may be of before the recording.
constexpr std::uint64_t at_first = 0;

constexpr int nobody = -1; // pid 0 is perf's swapper

constexpr std::size_t most_frames = 127; // as perf itself has them; a record has room for 64 KiB
constexpr std::size_t longest_text = 400;
constexpr std::size_t longest_setting = 200;

std::string text_of(const model::stall& one) {
    std::string text = fmt::format("{} {} {}", name_of(one.kind), name_of(one.state), one.at_least_ns);
    if (one.less_than_ns) text += fmt::format("..{}", *one.less_than_ns);
    text += fmt::format(" ns CPU {} incident {}: {}", one.cpu, one.incident, culprit_of(one));
    return sink::printable(std::move(text), longest_text);
}

} // namespace

perf::perf(const recording::replay& of, output& to)
    : about_(&of.about()), to_(&to), stalls_([this](const model::stall& one) { add(one); }) {
    for (const model::stall_kind kind : model::all_stall_kinds)
        names_.push_back(fmt::format("stall:{}", name_of(kind)));
    begin();
}

void perf::begin() {
    if (to_->can_rewrite()) {
        to_->write(std::string(records::file_header_size, '\0')); // once it is known what it says
        const std::size_t ids_at =
            records::file_header_size + names_.size() * (records::attr_size + 2 * sizeof(std::uint64_t));
        for (std::size_t event = 0; event < names_.size(); event++)
            to_->write(records::attr() + records::number(ids_at + event * sizeof(std::uint64_t)) +
                       records::number(sizeof(std::uint64_t)));
        for (std::size_t event = 0; event < names_.size(); event++) to_->write(records::number(records::id_of(event)));
    } else {
        to_->write(records::piped_header());
        for (std::size_t event = 0; event < names_.size(); event++) to_->write(records::piped_attr(event));
        for (std::size_t event = 0; event < names_.size(); event++)
            to_->write(records::piped_name(event, names_[event]));
        for (const auto& [which, content] : features()) to_->write(records::piped_feature(which, content));
    }
    data_at_ = to_->written();
    to_->write(records::kernel_map(empty_kernel, empty_kernel_size, at_first));
}

std::uint64_t perf::address_of(const frame& one) {
    const std::string& name =
        functions_.size() < most_functions || functions_.contains(one.function) ? one.function : other_functions;
    const auto [at, is_new] = functions_.try_emplace(name, first_address + functions_.size() * function_size);
    if (is_new) to_->write(records::function(at->second, function_size, name, at_first));
    return at->second + std::min<std::uint64_t>(one.offset, function_size - 1);
}

// The pid by which perf knows its task.
int perf::name_task(const model::stall& one) {
    const std::string comm = task_of(one);
    const int pid = is_task_known(one) ? one.current.pid : nobody;
    if (pid == 0) return pid; // perf has its own name for it
    auto [known, is_new] = tasks_.try_emplace(pid, task_name{comm, false});
    if (known->second.comm != comm) known->second = {comm, true};
    if (is_new || known->second.changes) to_->write(records::comm(pid, comm, one.end_ns));
    return pid;
}

void perf::add(const model::stall& one) {
    if (!to_->is_wanted()) return;
    std::vector<std::uint64_t> chain;
    for (const frame& each : call_chain_of(one))
        if (chain.size() < most_frames) chain.push_back(address_of(each));
    const int pid = name_task(one);
    const std::string text = text_of(one);
    to_->write(
        records::record({static_cast<std::size_t>(one.kind), one.end_ns, pid, one.cpu, one.at_least_ns, chain, text}));
    first_ns_ = std::min(first_ns_, one.end_ns);
    last_ns_ = std::max(last_ns_, one.end_ns);
}

std::vector<std::pair<unsigned, std::string>> perf::features() const {
    const auto text = [](const std::string& of) { return records::text_feature(sink::printable(of, longest_setting)); };
    const std::uint32_t cpus =
        about_->cpus.empty() ? 1 : static_cast<std::uint32_t>(std::max(about_->cpus.back(), 0)) + 1;
    std::vector<std::pair<unsigned, std::string>> made{
        {records::hostname, text(about_->host)},
        {records::kernel_release, text(about_->kernel)},
        {records::version, text("irqscope " + about_->version)},
        {records::architecture, text(about_->machine)},
        {records::cpu_count, records::cpu_count_feature(cpus)},
        // a recording knows no more of them; `perf data convert --to-json` of perf 6.1 crashes without both
        {records::cpu_description, text(about_->machine)},
        {records::cpu_id, text(about_->machine)},
        {records::event_names, records::event_names_feature(names_)},
        {records::clock_id, records::clock_id_feature()},
        {records::clock_data,
         records::clock_data_feature(static_cast<std::uint64_t>(about_->realtime_ns), about_->monotonic_ns)}};
    if (first_ns_ <= last_ns_)
        made.emplace_back(records::sample_time, records::sample_time_feature(first_ns_, last_ns_));
    std::sort(made.begin(), made.end());
    return made;
}

result<void> perf::finish() {
    stalls_.rest();
    if (!to_->can_rewrite()) return {};
    const std::uint64_t data_size = to_->written() - data_at_;
    const auto all = features();
    std::uint64_t at = to_->written() + all.size() * 2 * sizeof(std::uint64_t);
    std::vector<unsigned> numbers;
    for (const auto& [which, content] : all) {
        to_->write(records::number(at) + records::number(content.size()));
        at += content.size();
        numbers.push_back(which);
    }
    for (const auto& [which, content] : all) to_->write(content);
    to_->rewrite(
        0, records::file_header({records::file_header_size,
                                 names_.size() * (records::attr_size + 2 * sizeof(std::uint64_t)), data_at_, data_size},
                                numbers));
    return {};
}

} // namespace irqscope::exporting
