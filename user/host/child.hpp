// SPDX-License-Identifier: BSD-2-Clause
// This program once more, as a child process that is listened to and does not outlive us.
#pragma once

#include "result.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace irqscope::host {

struct child_outcome {
    int status = 0; // exit status, or 128 + the signal
    std::string out;
    std::string err;
};

class child {
public:
    // Runs /proc/self/exe with these arguments, in a process group of its own (the terminal's Ctrl-C is ours alone). The
    // kernel sends it SIGTERM when the calling thread ends, however it ends. Fails: failed.
    static result<child> start(const std::vector<std::string>& arguments);

    child(const child&) = delete;
    child& operator=(const child&) = delete;
    child(child&& other) noexcept;
    child& operator=(child&& other) noexcept;
    ~child(); // kills it if it is still there

    // Until its standard error holds the text; false: it has ended or the time is over.
    bool wait_for(const std::string& text, std::chrono::milliseconds time);

    // Sends SIGINT, and SIGKILL when it has not ended in that time; all that it has written.
    child_outcome finish(std::chrono::milliseconds time);

private:
    child();
    struct implementation;
    std::unique_ptr<implementation> inner_;
};

} // namespace irqscope::host
