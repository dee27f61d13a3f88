// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/live_symbols.hpp"

#include <algorithm>
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
    std::optional<host::kept_file> modules; // a kernel without modules has no list of them
    if (auto opened = host::kept_file::open(options.modules)) modules = std::move(*opened);
    live_symbols made(std::move(*kallsyms), std::move(modules), options.clock);
    if (auto done = made.read(); !done) return tl::unexpected(done.error());
    made.next_read_ns_ = 0; // the first one is no burden of the watching
    return made;
}

std::string live_symbols::read_modules() const {
    const auto text = modules_ ? modules_->read() : result<std::string>(std::string());
    return text ? modules_of(*text) : loaded_;
}

result<void> live_symbols::read() {
    const std::uint64_t start = clock_();
    std::string loaded = read_modules(); // first: what is loaded meanwhile is a change
    auto table = symbol_table::read(kallsyms_);
    readings_++;
    const std::uint64_t end = clock_();
    next_read_ns_ = end + std::max(least_ns, (end - start) * rest);
    if (!table) return tl::unexpected(table.error());
    table_ = std::move(*table);
    loaded_ = std::move(loaded);
    read_ns_ = start;
    return {};
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
    return read_modules() != loaded_;
}

// The table was read after these were seen: nothing more can be known of them.
void live_symbols::settle(std::span<const std::uint64_t> addresses) {
    if (settled_.size() > most_settled) settled_.clear();
    for (const std::uint64_t address : addresses)
        if (may_come_and_go(table_.find(address))) settled_.insert(address);
}

const symbol_table& live_symbols::table_for(std::span<const std::uint64_t> addresses, std::uint64_t seen_ns) {
    if (table_.hidden()) return table_;
    if (const std::uint64_t now = clock_();
        seen_ns > read_ns_ && (now < next_read_ns_ || !is_stale_for(addresses, now) || !read()))
        return table_;
    settle(addresses);
    return table_;
}

} // namespace irqscope::symbols
