// SPDX-License-Identifier: BSD-2-Clause
// What every text output ends with: lost, watched, cost. Lines that are not wrapped yet.
#pragma once

#include "model/snapshot.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace irqscope::sink {

std::string lost_words(const model::lost& lost); // "nothing", or kinds and counts
// The calls that were counted and what they took; and how many heartbeats there were, whose interrupts are not in it.
std::string cost_words(const model::snapshot& snapshot);

// "heartbeats each 1 ms: 20,000 due, 19,990 seen (99.950 %), 0 skipped, 10 unseen; 3 late (0.02 %)", summed over the
// CPUs, and which CPUs have none. "heartbeats: none" without.
std::string beats_words(const model::coverage& coverage);

std::string cpus_words(const std::vector<int>& cpus); // "CPU 3", "CPUs 0-3"

// "1 stall", "2 stalls": for nouns that take an s.
std::string counted(std::uint64_t count, const char* noun);

} // namespace irqscope::sink
