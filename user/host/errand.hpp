// SPDX-License-Identifier: BSD-2-Clause
// One run of a user's command, with a text on its standard input and a limit to its time. Everything that it starts is of it.
#pragma once

#include "host/descriptor.hpp"
#include "result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace irqscope::host {

class errand {
public:
    struct end {
        int status = 0;         // the command's exit status, or 128 + the signal that ended it
        int reason = 0;         // errno: why it could not be run at all; 0: it was
        bool killed = false;    // it, or what it had left behind, was there when the time was over
        bool had_ended = false; // the command itself, by then
        std::uint64_t took_ns = 0;
    };

    // From then on what a process leaves behind becomes a child of this one: it has no other children that anybody waits for.
    // Fails: failed.
    static result<void> adopt();

    // Runs it, as execvp(3) does, in a session of its own, SCHED_OTHER, on these CPUs (none: as this thread), its standard output
    // to our standard error. Does not wait for anything. Fails: failed.
    static result<errand> start(const std::vector<std::string>& command, const std::string& input,
                                std::uint64_t limit_ns, const std::vector<int>& cpus);

    // Reaps what has ended, and kills what is there beyond the limit: SIGTERM, a second later SIGKILL. Nothing: it goes on.
    std::optional<end> look(std::uint64_t now_ns);
    // The limit is now.
    void hurry() { until_ns_ = 0; }

private:
    errand() = default;
    void kill_all(int with) const;

    pid_t id_ = -1;
    bool ended_ = false; // the command itself
    end so_far_;
    descriptor failed_; // says errno if it cannot be run
    std::uint64_t start_ns_ = 0;
    std::uint64_t until_ns_ = 0;
    std::uint64_t killed_ns_ = 0;
};

} // namespace irqscope::host
