// SPDX-License-Identifier: BSD-2-Clause
// `perf record` as a process of its own, whose number is known, and what it wrote down of our stalls.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <tuple>
#include <vector>

namespace irqscope::live {

class perf_process {
public:
    // Waits until its buffers are there. tracefs is mounted in a namespace of its own. Throws if perf does not come so far.
    explicit perf_process(const std::vector<std::string>& arguments);
    perf_process(const perf_process&) = delete;
    perf_process& operator=(const perf_process&) = delete;
    perf_process(perf_process&&) = delete;
    perf_process& operator=(perf_process&&) = delete;
    ~perf_process(); // kills it, if it has not ended

    [[nodiscard]] pid_t id() const { return id_; }
    void send(int signal) const;
    bool end(); // SIGINT, and waits; false: something else ended it
    void kill();

private:
    pid_t id_ = -1;
};

// A stall's line as docs/PERF.md describes it.
struct marked {
    int cpu = 0;
    std::string kind;
    std::string state;
    std::uint64_t duration_ns = 0;
    std::uint64_t start_ns = 0;

    friend auto operator<=>(const marked&, const marked&) = default;
};
struct perf_sample {
    std::uint64_t time_ns = 0; // to the microsecond
    std::string chain;         // " <- " between, innermost first
};
struct perf_samples {
    std::multimap<marked, perf_sample> stalls;
    std::size_t markers = 0;
    std::vector<std::uint64_t> others; // times
};
// `perf script` of the file. Throws if perf fails.
perf_samples samples_of(const std::string& file);

} // namespace irqscope::live
