// SPDX-License-Identifier: BSD-2-Clause
// The BPF programs of one measurement: opened, configured, loaded, attached, read and gone. Nothing is pinned: what the
// kernel holds goes when this process does, however it ends.
#pragma once

#include "model/series.hpp"
#include "model/stall.hpp"
#include "probe/kernel.hpp"
#include "result.hpp"
#include "stream/catalog.hpp"
#include "wire.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace irqscope::probe {

struct session_options {
    std::set<model::metric> metrics{model::default_metrics.begin(), model::default_metrics.end()};
    std::optional<std::vector<int>> cpus; // nothing: all, also those that come online later
    std::uint64_t beat_ns = 1'000'000;    // period of the heartbeats, where a metric needs them
    // Thresholds in ns of the stalls to tell; empty: none. Each kind needs its metric.
    std::map<model::stall_kind, std::uint64_t> stalls;
    std::vector<int> watchdog_cpus; // where the kernel's soft lockup watchdog looks; ascending
    bool lockup_scaled = false;     // the threshold of lockups is not that watchdog's
    std::uint32_t stall_rate = 100; // told a second and CPU, at most
    bool split = false;             // where each CPU's time goes; with stalls always
    // Of the flight recorder of each CPU, where stalls are told; a power of two; 0: none.
    std::uint32_t flight_spans = WIRE_FLIGHT_SPANS;
    bool kernel_histograms = true;
    bool stream = false;
    std::uint32_t ring_bytes = 1U << 20; // a CPU; a power of two and at least a page
    bool mark_perf = false;              // stalls go into a running perf's events, too (probe/mark.hpp)
    bool mark_printk = false;            // and into the kernel's trace buffer

    [[nodiscard]] bool marks() const { return mark_perf || mark_printk; }

    [[nodiscard]] bool wants_beats() const;
    [[nodiscard]] bool wants_rings() const { return stream || !stalls.empty(); }
    [[nodiscard]] bool wants_softirq_runs() const;
    [[nodiscard]] bool wants_split() const { return split || !stalls.empty(); }
};

// A CPU's value of a per-CPU map.
template <typename T>
using by_cpu = std::map<int, T>;

class session {
public:
    // Opens, configures and loads. Fails: not_possible (what the kernel lacks or refuses), failed.
    static result<session> load(const kernel& on, const session_options& options);

    session(const session&) = delete;
    session& operator=(const session&) = delete;
    session(session&& other) noexcept;
    session& operator=(session&& other) noexcept;
    ~session();

    // Attaches every program, then starts to count on all wanted CPUs, then their hearts begin to beat. Fails:
    // not_possible.
    result<void> attach();
    // Heartbeats for CPUs that have come online, none for those that have gone. False: nothing has changed.
    bool follow_cpus();
    // Begins with the programs that begin spans. What is in the maps stays readable.
    void detach();

    // Names of the programs that are loaded, calibrate aside.
    [[nodiscard]] std::vector<std::string> programs() const;
    [[nodiscard]] const session_options& options() const { return options_; }
    [[nodiscard]] bool reraises() const { return reraises_; }
    [[nodiscard]] bool contexts() const { return contexts_; }
    // Each hard beat makes a raise, so that softirqs that are held off are noticed within a period.
    [[nodiscard]] bool soft_beats() const;
    // CPUs that have a heartbeat, and watched ones that have none.
    [[nodiscard]] std::vector<int> beating() const;
    [[nodiscard]] std::vector<int> without_beat() const;

    // --- reading; each fails (failed) with the system's reason ---

    // One histogram of every possible CPU.
    [[nodiscard]] result<by_cpu<wire_histogram>> histograms(std::uint32_t index) const;
    [[nodiscard]] result<by_cpu<wire_cpu_state>> states() const;
    // The slots that each CPU has claimed, by what states() said.
    [[nodiscard]] result<stream::catalog> catalog(const by_cpu<wire_cpu_state>& states) const;
    [[nodiscard]] result<stream::catalog> catalog() const; // as they are now
    // Per program: calls skipped because it was running on that CPU already (bpf_prog_info.recursion_misses, 5.12).
    [[nodiscard]] std::map<std::string, std::uint64_t> recursion_misses() const;
    // What the maps take in the kernel, by their fdinfo; all of it since 6.4, before that an estimate of the kernel's.
    [[nodiscard]] std::uint64_t kernel_bytes() const;

    // What became of the marks of each CPU so far; empty: none are made.
    [[nodiscard]] result<by_cpu<wire_mark_counts>> mark_counts() const;
    // For probe/mark.hpp, where options.mark_perf is set. Owned by the session.
    struct perf_descriptors {
        int events = -1;      // map: by CPU, perf's descriptors
        int candidate = -1;   // map: the one that is tried
        int try_program = -1; // its test run tells of the CPU on which it runs
    };
    [[nodiscard]] perf_descriptors for_perf() const;
    // There are events whose CPU is not known yet: a mark that finds none counts as made while they were disabled.
    void set_marks_wait(bool wait);

    // Starts a new interval for minima and maxima, and returns the number of the one that ended.
    std::uint32_t next_epoch();

    // Runs the calibration program; nanoseconds a call, the least of some runs, or 0 if the kernel refuses it.
    std::uint64_t calibrate();

    // Descriptors of the ring buffers by CPU; empty without options.stream. Owned by the session.
    [[nodiscard]] const by_cpu<int>& rings() const;

    // The flight recorders' memory by CPU; empty: there is none. Owned by the session.
    [[nodiscard]] const by_cpu<std::span<const wire_flight>>& flights() const;
    // Why there is none, where one was wanted; empty otherwise.
    [[nodiscard]] const std::string& flight_refused() const;

    struct implementation;

private:
    session();

    template <typename T>
    [[nodiscard]] result<by_cpu<T>> read_per_cpu(int map, std::uint32_t key) const;

    std::unique_ptr<implementation> inner_;
    session_options options_;
    bool reraises_ = false;
    bool contexts_ = false;
};

// Where libbpf's own words go: nowhere, or to stderr.
void set_libbpf_verbose(bool verbose);

} // namespace irqscope::probe
