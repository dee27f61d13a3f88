// SPDX-License-Identifier: BSD-2-Clause
#include "live/disk_cpus.hpp"

#include "host/cpus.hpp"
#include "live/support.hpp"
#include "probe/injector.hpp"

namespace irqscope::live {

std::vector<int> disk_cpus() {
    constexpr std::uint64_t patience_ns = 500'000'000;
    constexpr std::uint64_t shortest_ns = probe::injector::shortest_ns;
    probe::injector_options options;
    options.patience_ns = patience_ns;
    auto trial = must(probe::injector::load(model::injection::device_interrupt, options));
    std::vector<int> found;
    for (const int cpu : must(host::online_cpus())) {
        bool often = true; // now and then another device's interrupt comes anywhere
        for (int i = 0; i < 5; i++) often = often && trial.inject(cpu, shortest_ns);
        if (often) found.push_back(cpu);
    }
    return found;
}

} // namespace irqscope::live
