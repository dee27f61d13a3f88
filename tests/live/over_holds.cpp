// SPDX-License-Identifier: BSD-2-Clause
#include "live/over_holds.hpp"

#include "live/watched.hpp"
#include "probe/injector.hpp"

#include <future>

namespace irqscope::live {

outcome run_over_holds(const std::string& arguments, int holds, int pause_ms,
                       const std::function<void(int)>& meanwhile) {
    constexpr std::uint64_t length_ns = 5'000'000;
    auto with = must(probe::injector::load(model::injection::irq_off));
    auto running = std::async(std::launch::async, [&] { return run(binary() + ' ' + arguments); });
    sleep_ms(2000); // until it watches
    for (int i = 0; i < holds; i++) {
        if (meanwhile) meanwhile(i);
        must(with.inject(last_cpu(), length_ns));
        sleep_ms(pause_ms);
    }
    return running.get();
}

} // namespace irqscope::live
