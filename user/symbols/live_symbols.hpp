// SPDX-License-Identifier: BSD-2-Clause
// The running kernel's functions, also those of modules and BPF programs that are loaded while we look.
#pragma once

#include "host/files.hpp"
#include "host/system.hpp"
#include "result.hpp"
#include "symbols/source.hpp"

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace irqscope::symbols {

struct live_symbols_options {
    std::string kallsyms = "/proc/kallsyms";
    std::string modules = "/proc/modules"; // need not be there
    std::uint64_t (*clock)() = host::monotonic_ns;
    std::chrono::milliseconds patience{200}; // with a reading
};

// Reads /proc/kallsyms when it is opened, and again when a stack shows what may have been loaded since. A reading takes some
// 60 ms for 120,000 symbols. The next one comes least_ns after it at the earliest, and after rest times as long as it took; and for a frame that
// it was made for, not within settled_ns (then a BPF program may have gone, and another have come into its place).
// All but the first are a thread's of their own, with ordinary scheduling: nobody shall wait for them as for the reader of
// the stalls, which may be real-time. It is waited for as long as the options say; if it takes longer, the table is as it
// was until it is done.
class live_symbols final : public source {
public:
    static constexpr std::uint64_t least_ns = 1'000'000'000;
    static constexpr std::uint64_t rest = 20;
    static constexpr std::uint64_t settled_ns = 30'000'000'000;

    // Before rights are given up: the kernel shows its addresses to whom it did when the file was opened. Fails (failed)
    // if it cannot be read; without CAP_SYSLOG the table is hidden(), and stays so.
    static result<live_symbols> open(const live_symbols_options& options = {});

    [[nodiscard]] const symbol_table& table() const override { return table_; }
    // Reads again if it was last read before seen_ns, and one of these, which are instructions or return addresses, is
    // - in no function, in a BPF program or other code that is made at run time, or behind a module's last function, where
    //   only another kind of thing can be, and the table was not read for it yet;
    // - or in no function or in a module, and the list of modules has changed.
    // Where it cannot, the table stays what it is.
    const symbol_table& table_for(std::span<const std::uint64_t> addresses, std::uint64_t seen_ns) override;

    [[nodiscard]] std::uint64_t readings() const { return readings_; } // so far, the first included

private:
    struct files {
        host::kept_file kallsyms;
        std::optional<host::kept_file> modules; // a kernel without modules has no list of them
    };
    struct reading {
        result<symbol_table> table;
        std::optional<std::string> loaded; // the list of modules before it; nothing: unreadable
        std::uint64_t start_ns = 0;
        std::uint64_t end_ns = 0;
    };

    live_symbols(files opened, const live_symbols_options& options)
        : files_(std::make_shared<const files>(std::move(opened))), clock_(options.clock), patience_(options.patience) {
    }

    static std::optional<std::string> read_modules(const files& from);
    static reading read(const files& from, std::uint64_t (*clock)());
    result<void> take(reading done);
    bool take_if_done(); // whether there is a new table
    bool read_again();   // likewise
    [[nodiscard]] bool is_stale_for(std::span<const std::uint64_t> addresses, std::uint64_t now);
    void settle(std::span<const std::uint64_t> addresses);

    std::shared_ptr<const files> files_; // also a thread's that may outlive this
    std::uint64_t (*clock_)();
    std::chrono::milliseconds patience_;
    std::future<reading> under_way_;
    symbol_table table_;
    std::string loaded_;              // the list of modules before the table was read
    std::set<std::uint64_t> settled_; // of what comes and goes: addresses for which the table was read
    std::uint64_t read_ns_ = 0;       // when
    std::uint64_t next_read_ns_ = 0;
    std::uint64_t next_modules_ns_ = 0;
    std::uint64_t readings_ = 0;
};

// Of a text of /proc/modules' form what tells whether modules came or went: without their counts of users.
std::string modules_of(std::string_view text);

} // namespace irqscope::symbols
