// SPDX-License-Identifier: BSD-2-Clause
// A process of ours that keeps the rights which the rest gives up, for what may take long: it writes lines into the kernel log
// and runs the user's command. It does nothing else, and takes its orders from us alone.
#pragma once

#include "host/descriptor.hpp"
#include "host/errand.hpp"
#include "result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace irqscope::cli {

struct helper_plan {
    bool kernel_log = false;
    std::vector<std::string> command; // empty: none
    std::uint64_t limit_ns = 0;       // of its time
};

class helper {
public:
    // Forks: before there are threads. Fails: not_possible (the kernel log cannot be written, or nobody would see it), failed.
    static result<helper> start(const helper_plan& plan);

    helper(const helper&) = delete;
    helper& operator=(const helper&) = delete;
    helper(helper&& other) noexcept;
    helper& operator=(helper&&) = delete;
    ~helper(); // leaves it to end by itself, with what it has to do

    [[nodiscard]] int descriptor() const { return socket_.get(); } // readable when a run is over, or it has gone

    // Neither waits. False: it has gone, or has too much to do.
    bool log(std::string_view line);
    // input: for the command's standard input. avoid: a CPU on which it would be held; nothing: none.
    bool run(std::string_view input, std::optional<int> avoid);

    // A run is over; or a line could not be written, and why (errno).
    struct news {
        int line_failed = 0; // 0: it is of a run
        host::errand::end end;
    };
    // Each once; nothing: there is none now.
    std::optional<news> take();
    [[nodiscard]] bool has_gone() const { return gone_; }

    // Nothing more will come: it ends when it is through. To wait for that, take() until it has gone.
    void finish();
    void hurry(); // it kills what still runs

private:
    helper(pid_t id, host::descriptor to) : id_(id), socket_(std::move(to)) {}
    bool send(char kind, std::int32_t number, std::string_view text);

    pid_t id_;
    host::descriptor socket_;
    bool gone_ = false;
};

} // namespace irqscope::cli
