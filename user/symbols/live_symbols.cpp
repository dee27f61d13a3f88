// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/live_symbols.hpp"

#include <algorithm>
#include <sched.h>
#include <system_error>
#include <thread>
#include <utility>

namespace irqscope::symbols {

namespace {

constexpr std::size_t most_settled = 4096;

// BPF programs and trampolines; ftrace's and kprobes' own pages ("__builtin__ftrace", "__builtin__kprobes"). What is
// behind a module's last symbol need not be the module's.
bool may_come_and_go(const std::optional<place>& where) {
    return !where || where->module == "bpf" || where->module.starts_with("__builtin__") ||
           (!where->module.empty() && where->last);
}

bool is_of_a_module(const std::optional<place>& where) { return !where || !where->module.empty(); }

} // namespace

// "nf_tables 385024 12 nft_ct,nft_nat, Live 0xffffffffc0a3d000 (E)": name, size, users, by whom, state, address, taints
std::string modules_of(std::string_view text) {
    std::string found;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        for (int field = 0; !line.empty(); field++) {
            const std::string_view word = line.substr(0, line.find(' '));
            line.remove_prefix(std::min(word.size() + 1, line.size()));
            if (field != 2 && field != 3) (found += word) += ' ';
        }
        found += '\n';
    }
    return found;
}

result<live_symbols> live_symbols::open(const live_symbols_options& options) {
    auto kallsyms = host::kept_file::open(options.kallsyms);
    if (!kallsyms) return tl::unexpected(kallsyms.error());
    files opened{std::move(*kallsyms), std::nullopt};
    if (auto modules = host::kept_file::open(options.modules)) opened.modules = std::move(*modules);
    live_symbols made(std::move(opened), options);
    if (auto done = made.take(read(*made.files_, made.clock_)); !done) return tl::unexpected(done.error());
    made.next_read_ns_ = 0; // the first one is no burden of the watching
    return made;
}

std::optional<std::string> live_symbols::read_modules(const files& from) {
    if (!from.modules) return std::string();
    const auto text = from.modules->read();
    return text ? std::optional(modules_of(*text)) : std::nullopt;
}

live_symbols::reading live_symbols::read(const files& from, std::uint64_t (*clock)()) {
    const std::uint64_t start_ns = clock();
    auto loaded = read_modules(from); // first: what is loaded meanwhile is a change
    auto table = symbol_table::read(from.kallsyms);
    return {std::move(table), std::move(loaded), start_ns, clock()};
}

result<void> live_symbols::take(reading done) {
    readings_++;
    next_read_ns_ = done.end_ns + std::max(least_ns, (done.end_ns - done.start_ns) * rest);
    if (!done.table) return tl::unexpected(done.table.error());
    table_ = std::move(*done.table);
    if (done.loaded) loaded_ = std::move(*done.loaded);
    read_ns_ = done.start_ns;
    return {};
}

bool live_symbols::take_if_done() {
    if (!under_way_.valid() || under_way_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
    return take(under_way_.get()).has_value();
}

bool live_symbols::read_again() {
    if (under_way_.valid()) return false;
    std::packaged_task<reading()> task([from = files_, clock = clock_] {
        const sched_param ordinary{};
        sched_setscheduler(0, SCHED_OTHER, &ordinary); // this thread
        return read(*from, clock);
    });
    under_way_ = task.get_future();
    try {
        std::thread(std::move(task)).detach(); // on a held CPU it may not end before we do
    } catch (const std::system_error&) {
        under_way_ = {};
        return false;
    }
    under_way_.wait_for(patience_);
    return take_if_done();
}

bool live_symbols::is_stale_for(std::span<const std::uint64_t> addresses, std::uint64_t now) {
    bool of_a_module = false;
    for (const std::uint64_t address : addresses) {
        const auto where = table_.find(address);
        if (may_come_and_go(where) && (now - read_ns_ >= settled_ns || !settled_.contains(address))) return true;
        of_a_module = of_a_module || is_of_a_module(where);
    }
    if (!of_a_module || now < next_modules_ns_) return false;
    next_modules_ns_ = now + least_ns;
    const auto loaded = read_modules(*files_);
    return loaded && *loaded != loaded_;
}

// The table was read after these were seen: nothing more can be known of them.
void live_symbols::settle(std::span<const std::uint64_t> addresses) {
    if (settled_.size() > most_settled) settled_.clear();
    for (const std::uint64_t address : addresses)
        if (may_come_and_go(table_.find(address))) settled_.insert(address);
}

const symbol_table& live_symbols::table_for(std::span<const std::uint64_t> addresses, std::uint64_t seen_ns) {
    if (table_.hidden()) return table_;
    take_if_done();
    if (const std::uint64_t now = clock_();
        seen_ns > read_ns_ && (now < next_read_ns_ || !is_stale_for(addresses, now) || !read_again()))
        return table_;
    settle(addresses);
    return table_;
}

} // namespace irqscope::symbols
