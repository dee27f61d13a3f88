// SPDX-License-Identifier: BSD-2-Clause
// All functions of the running kernel by address, for stacks.
#pragma once

#include "host/files.hpp"
#include "result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::symbols {

// Where in the kernel an address lies. The views live as long as the table.
struct place {
    std::string_view function;
    std::string_view module; // "bpf" for BPF programs; empty: the core kernel
    std::uint64_t offset = 0;
    bool last = false; // of its module's symbols: how far the module goes beyond it is not known
};

// What is loaded later (modules, BPF programs) is not in it: live_symbols reads it anew.
// 16 bytes a symbol and its name: some 5 MiB for 120,000 symbols.
class symbol_table {
public:
    symbol_table() = default;
    // From a text of /proc/kallsyms' form, in any order. Lines that are none are passed over.
    explicit symbol_table(std::string_view kallsyms);
    // From /proc/kallsyms as it is now. Fails (failed) if the file cannot be read; where it was opened without CAP_SYSLOG
    // it succeeds and is hidden().
    static result<symbol_table> read(const host::kept_file& kallsyms);

    // The function that the instruction at this address belongs to; nothing if no symbol is near enough before it.
    [[nodiscard]] std::optional<place> find(std::uint64_t address) const;
    // The function that made the call that returns to this address. A call that never returns may be a function's last
    // instruction, and then the address is the next function's: so the byte before it counts, as in the kernel's %pB
    // (kernel/kallsyms.c, sprint_backtrace). The offset is that of the address itself.
    [[nodiscard]] std::optional<place> find_caller(std::uint64_t address) const;

    // Of a return address: "function+0x12", "function+0x12 [module]", or the address itself as "0xffff..".
    [[nodiscard]] std::string name_of(std::uint64_t address) const;
    // Of an instruction, such as the one that was interrupted: the same, but for find() instead of find_caller().
    [[nodiscard]] std::string name_at(std::uint64_t address) const;

    // The kernel shows its symbols and not their addresses (kptr_restrict): the table is empty.
    [[nodiscard]] bool hidden() const { return entries_.empty() && zero_seen_; }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t bytes() const; // of memory

private:
    struct entry {
        std::uint64_t address = 0;
        std::uint32_t name = 0; // in names_
        std::uint32_t length : 12 = 0;
        std::uint32_t rank : 4 = 0; // of those at one address the lowest is shown
        std::uint32_t module : 16 = 0;
    };

    void add_text(std::string_view lines);
    void add(std::string_view line);
    void add_symbol(std::uint64_t address, char type, std::string_view name, std::string_view module);
    void finish();
    [[nodiscard]] place place_of(const entry& in, std::uint64_t address) const;
    [[nodiscard]] const entry* before(std::uint64_t address) const;

    std::vector<entry> entries_; // ascending; one an address
    std::string names_;
    std::vector<std::string> modules_{std::string()};
    bool zero_seen_ = false;
    bool after_text_ = false; // while lines are added: the line before was of a function
};

// "function+0x12 [module]", or the address if there is no place.
std::string words_of(const std::optional<place>& where, std::uint64_t address);

} // namespace irqscope::symbols
