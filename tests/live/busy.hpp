// SPDX-License-Identifier: BSD-2-Clause
// CPUs that are never idle.
#pragma once

#include "load/load.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace irqscope::live {

// Each computes in user space: on an idle CPU the kernel takes no sample of a cpu-clock event, and runs no program of one.
class busy {
public:
    explicit busy(const std::vector<int>& cpus) {
        for (const int cpu : cpus)
            threads_.emplace_back([this, cpu] {
                load::pin(cpu);
                while (!over_) {
                }
            });
    }
    busy(const busy&) = delete;
    busy& operator=(const busy&) = delete;
    busy(busy&&) = delete;
    busy& operator=(busy&&) = delete;
    ~busy() {
        over_ = true;
        for (std::thread& thread : threads_) thread.join();
    }

private:
    std::atomic<bool> over_ = false;
    std::vector<std::thread> threads_;
};

} // namespace irqscope::live
