// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include "live/support.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <stdexcept>
#include <string>
#include <sys/stat.h>

namespace irqscope::live {

// perf, from the moment when it counts until it is told to end. tracefs is mounted in a namespace of its own: the host
// keeps its mounts.
class running_perf {
public:
    explicit running_perf(const std::string& arguments) {
        for (const char* name : {"ready", "end"}) {
            std::filesystem::remove(path(name));
            if (mkfifo(path(name).c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
        }
        const std::string inner = fmt::format("echo >{}; read x <{}", path("ready"), path("end"));
        const std::string command =
            fmt::format("timeout 120 unshare -m --propagation private sh -c 'mount -t tracefs t /sys/kernel/tracing; "
                        "exec perf {} -- sh -c \"{}\"'",
                        arguments, inner);
        done_ = std::async(std::launch::async, [command] { return run(command); });
        std::ifstream(path("ready")).get();
    }
    running_perf(const running_perf&) = delete;
    running_perf& operator=(const running_perf&) = delete;
    running_perf(running_perf&&) = delete;
    running_perf& operator=(running_perf&&) = delete;
    ~running_perf() {
        if (done_.valid()) end();
    }

    outcome end() {
        std::ofstream(path("end")) << "\n";
        return done_.get();
    }

private:
    static std::string path(const char* name) { return std::string("perf-") + name; }
    std::future<outcome> done_;
};

} // namespace irqscope::live
