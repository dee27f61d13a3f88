// SPDX-License-Identifier: BSD-2-Clause
// What the live tests share: the truth of /proc, our counts beside it, and waiting until nothing moves.
#pragma once

#include "host/cpus.hpp"
#include "host/proc_counts.hpp"
#include "probe/measurement.hpp"
#include "probe/session.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace irqscope::live {

// The value, or an exception with the error's sentence: a live test that cannot even begin has failed.
template <typename T>
T must(result<T> from) {
    if (!from) throw std::runtime_error(from.error().message);
    return std::move(*from);
}
inline void must(const result<void>& from) {
    if (!from) throw std::runtime_error(from.error().message);
}

int last_cpu(); // that is online

// A session on this kernel, attached and counting.
probe::session attached(const probe::session_options& options);

// Spans that our programs have seen end, by CPU, for the histograms [first, first + many).
std::map<int, std::uint64_t> counted(const probe::session& from, std::uint32_t first, std::uint32_t many);
std::map<int, std::uint64_t> counted_vector(const probe::session& from, std::uint32_t vector);

// A softirq that had begun has told the kernel's histograms its latency and off-time, and would have told the stream at its
// end: counts them.
void count_unfinished(const probe::by_cpu<wire_cpu_state>& states, stream::table& streamed);

// Reads `inner` between two reads of a /proc file until the two agree in the rows, on every CPU: what was read belongs
// to exactly that state. Throws after many tries: the machine is never quiet.
host::proc_counts at_rest(const std::function<result<host::proc_counts>()>& read, const std::vector<std::string>& rows,
                          const std::function<void()>& inner);

// A shell command's standard output. Throws if it fails.
std::string output_of(const std::string& command);

// Exit status, standard output and standard error of a shell command.
struct outcome {
    int status = 0;
    std::string out;
    std::string err;
};
outcome run(const std::string& command);

// The irqscope binary under test.
std::string binary();

// `irqscope info` of a recording.
nlohmann::json info_of(const std::string& name);

// The command of so many loopback datagrams from each online CPU: softirq_load, which was built beside the tests.
std::string load_of(std::uint64_t datagrams);

} // namespace irqscope::live
