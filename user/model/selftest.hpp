// SPDX-License-Identifier: BSD-2-Clause
// What was injected against what `irqscope stalls` told: pure, so that it is tested without either.
#pragma once

#include "model/injection.hpp"
#include "model/stall.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace irqscope::model {

// By so much a length may miss what is printed, and still be called right: a spin's truth begins when interrupts are
// already off and ends before they come back, and a timer has a latency of its own.
inline constexpr std::uint64_t selftest_tolerance_ns = 250'000;

// An injection of which so much was taken away (truth::away_ns) is none of that length, and does not count: a tenth; a
// quarter where interrupts are on, which are in it: a beat a millisecond alone takes 3 to 8 % of 2 ms on a nested
// guest.
[[nodiscard]] bool is_disturbed(const truth& real, std::uint64_t asked_ns);

// One injection, and the stall that it was seen as.
struct observation {
    truth real;
    std::uint64_t asked_ns = 0; // the length that was ordered; the truth's is somewhat more
    std::optional<stall> seen;  // nothing: missed
    bool within = false;        // seen, and the truth lies in what was printed (selftest_tolerance_ns)
    std::uint64_t error_ns = 0; // seen and exact: printed length and truth differ by so much
    bool disturbed = false;     // does not count
    std::string named;          // seen: the handler or the stack's first function; may be empty
    [[nodiscard]] bool is_exact() const { return seen && !seen->less_than_ns; }
};

enum class selftest_verdict {
    seen,         // all of them, with lengths that are true
    inexact,      // all of them, some with a length that is not
    missed,       // not all
    not_possible, // none could be injected here
};

std::string_view name_of(selftest_verdict which); // "seen", "inexact", "missed", "not possible"

// All injections of one kind and length.
struct selftest_row {
    injection what = injection::irq_off;
    std::uint64_t asked_ns = 0;
    std::size_t injected = 0; // those that were disturbed are not among them
    std::size_t disturbed = 0;
    std::size_t seen = 0;
    std::size_t within = 0;
    std::optional<std::uint64_t> error_p50_ns; // of those that are exact
    std::optional<std::uint64_t> error_max_ns;
    std::map<std::string, std::size_t> named;
    std::string why_not; // not possible (any more): the injector's sentence
    selftest_verdict verdict = selftest_verdict::not_possible;
};

// An injection to be done again and again. why_not: it could not be.
struct selftest_plan_item {
    injection what = injection::irq_off;
    std::uint64_t asked_ns = 0;
    std::string why_not;
};

struct selftest_report {
    std::string host;
    std::string kernel;
    std::string machine;
    std::chrono::system_clock::time_point start_time;
    std::uint64_t duration_ns = 0;
    int cpu = 0;
    std::string command; // the tracer that was watched
    std::vector<selftest_row> rows;
    std::vector<observation> observations;          // in the order in which they were injected
    std::map<std::string, std::uint64_t> set_aside; // by the tracer, by reason: what looked like a stall and was none
    std::map<int, std::size_t> others;              // by CPU: ended stalls that no injection on that CPU overlaps
    selftest_verdict verdict = selftest_verdict::not_possible; // the worst of those that were possible
    [[nodiscard]] std::size_t injected() const;
    [[nodiscard]] std::size_t disturbed() const;
    [[nodiscard]] std::size_t seen() const;
};

// Whether the stall is what such an injection has to be seen as: ended, on its CPU, of the kind and key that fit, and at
// the same time.
bool fits(const truth& injected, const stall& told);

// Who was named: the handler, sysvec or vector, else the first function of the stack, without its offset.
std::string named_by(const stall& told);

struct injected {
    truth real;
    std::uint64_t asked_ns = 0;
};

// Matches each truth with the fitting stall that overlaps it most, each stall at most once, and judges. Fills rows (in
// the plan's order), observations, others and verdict.
void judge(const std::vector<selftest_plan_item>& plan, const std::vector<injected>& truths,
           const std::vector<stall>& told, selftest_report& report);

} // namespace irqscope::model
