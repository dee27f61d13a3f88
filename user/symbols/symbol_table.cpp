// SPDX-License-Identifier: BSD-2-Clause
#include "symbols/symbol_table.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace irqscope::symbols {

namespace {

constexpr std::uint64_t max_function_bytes = 64 * 1024; // beyond it the next symbol is in another section
constexpr std::size_t max_name = 4095;                  // KSYM_NAME_LEN is 512 since 6.1, 128 before
constexpr std::size_t max_modules = 65535;
constexpr std::size_t max_line = 8192; // longer ones are no lines of kallsyms
constexpr std::string_view padding_prefix = "__pfx_";

// The lower, the more it says to a reader. A boundary is no symbol and only ends what is before it.
enum rank : std::uint32_t { global, weak, local, padding, mark, boundary };

// Marks of the linker script stand at the address of a section's first function, and are global where that function
// may be static: __softirqentry_text_start is handle_softirqs since 6.10.
bool is_mark(std::string_view name) {
    return name.ends_with("text_start") || name.ends_with("text_end") || name == "_text" || name == "_stext";
}

bool ends_text(std::string_view name) { return name == "_etext" || name == "_einittext"; }

rank rank_of(char type, std::string_view name) {
    if (ends_text(name)) return boundary;
    // room before a function, for its patching (CONFIG_FUNCTION_PADDING, 6.2)
    if (name.starts_with(padding_prefix)) return padding;
    if (is_mark(name)) return mark;
    // a system call without arguments is one function with its __x64_ name
    if (name.starts_with("__ia32_")) return local;
    if (type == 'T') return global;
    return type == 'W' ? weak : local;
}

bool is_text(char type) { return type == 't' || type == 'T' || type == 'w' || type == 'W'; }

} // namespace

symbol_table::symbol_table(std::string_view kallsyms) {
    add_text(kallsyms);
    finish();
}

result<symbol_table> symbol_table::read(const host::kept_file& kallsyms) {
    // in pieces: the text is larger than the table
    symbol_table table;
    std::string rest;
    const auto done = kallsyms.read([&](std::string_view piece) {
        rest += piece;
        const std::size_t whole = rest.rfind('\n') + 1; // 0 if there is none
        table.add_text(std::string_view(rest).substr(0, whole));
        rest.erase(0, whole);
        if (rest.size() > max_line) rest.resize(max_line);
    });
    if (!done) return tl::unexpected(done.error());
    table.add_text(rest);
    table.finish();
    return table;
}

void symbol_table::add_text(std::string_view lines) {
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        add(lines.substr(0, end));
        lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    }
}

// "ffffffff81369810 t __irq_exit_rcu", of a module also "\t[name]"
void symbol_table::add(std::string_view line) {
    std::uint64_t address = 0;
    const auto [after, failed] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
    const auto digits = static_cast<std::size_t>(after - line.data());
    if (failed != std::errc{} || line.size() < digits + 4 || line[digits] != ' ' || line[digits + 2] != ' ') return;
    const char type = line[digits + 1];
    std::string_view name = line.substr(digits + 3);
    std::string_view module;
    if (const std::size_t tab = name.find('\t'); tab != std::string_view::npos) {
        module = name.substr(tab + 1);
        name = name.substr(0, tab);
        if (module.size() < 3 || module.front() != '[' || module.back() != ']') return;
        module = module.substr(1, module.size() - 2);
    }
    if (name.empty() || name.size() > max_name) return;
    if (address == 0)
        zero_seen_ = zero_seen_ || is_text(type);
    else if (is_text(type))
        add_symbol(address, type, name, module);
    else if (after_text_) // data, behind a section's last function
        entries_.push_back({.address = address, .rank = boundary});
    after_text_ = is_text(type);
}

void symbol_table::add_symbol(std::uint64_t address, char type, std::string_view name, std::string_view module) {
    if (names_.size() + name.size() > UINT32_MAX) return;
    // the symbols of a module stand together
    if (!module.empty() && modules_.back() != module) {
        if (modules_.size() == max_modules) return;
        modules_.emplace_back(module);
    }
    std::size_t start = names_.size();
    // __pfx_name stands before name: one copy for both
    if (!entries_.empty() && entries_.back().rank == padding &&
        std::string_view(names_).substr(entries_.back().name + padding_prefix.size()) == name)
        start = entries_.back().name + padding_prefix.size();
    else
        names_ += name;
    entries_.push_back({.address = address,
                        .name = static_cast<std::uint32_t>(start),
                        .length = static_cast<std::uint32_t>(name.size()) & 0xfffU,
                        .rank = rank_of(type, name) & 0xfU,
                        .module = static_cast<std::uint32_t>(module.empty() ? 0 : modules_.size() - 1) & 0xffffU});
}

void symbol_table::finish() {
    // stable: of equals the first, as the kernel has it
    const auto less = [](const entry& a, const entry& b) {
        return a.address != b.address ? a.address < b.address : a.rank < b.rank;
    };
    const auto same = [](const entry& a, const entry& b) { return a.address == b.address; };
    if (!std::is_sorted(entries_.begin(), entries_.end(), less))
        std::stable_sort(entries_.begin(), entries_.end(), less);
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
    entries_.shrink_to_fit();
    names_.shrink_to_fit();
}

const symbol_table::entry* symbol_table::before(std::uint64_t address) const {
    const auto behind = std::upper_bound(entries_.begin(), entries_.end(), address,
                                         [](std::uint64_t at, const entry& one) { return at < one.address; });
    if (behind == entries_.begin()) return nullptr;
    const entry& found = *(behind - 1);
    return found.rank == boundary || address - found.address >= max_function_bytes ? nullptr : &found;
}

place symbol_table::place_of(const entry& in, std::uint64_t address) const {
    const bool is_last = &in == &entries_.back() || ((&in)[1].module != in.module && (&in)[1].rank != boundary);
    return {std::string_view(names_).substr(in.name, in.length), modules_[in.module], address - in.address, is_last};
}

std::optional<place> symbol_table::find(std::uint64_t address) const {
    const entry* found = before(address);
    return found == nullptr ? std::nullopt : std::optional(place_of(*found, address));
}

std::optional<place> symbol_table::find_caller(std::uint64_t address) const {
    const entry* found = address == 0 ? nullptr : before(address - 1);
    // nothing calls from the room before a function: this is the function's own first byte
    if (found != nullptr && found->rank == padding)
        if (const entry* at = before(address); at != nullptr && at->address == address) found = at;
    return found == nullptr ? std::nullopt : std::optional(place_of(*found, address));
}

std::string words_of(const std::optional<place>& where, std::uint64_t address) {
    if (!where) return fmt::format("0x{:x}", address);
    const std::string function = fmt::format("{}+0x{:x}", where->function, where->offset);
    return where->module.empty() ? function : fmt::format("{} [{}]", function, where->module);
}

std::string symbol_table::name_of(std::uint64_t address) const { return words_of(find_caller(address), address); }

std::string symbol_table::name_at(std::uint64_t address) const { return words_of(find(address), address); }

std::size_t symbol_table::bytes() const {
    std::size_t sum = entries_.capacity() * sizeof(entry) + names_.capacity();
    for (const std::string& one : modules_) sum += sizeof(std::string) + one.capacity();
    return sum;
}

} // namespace irqscope::symbols
