// SPDX-License-Identifier: BSD-2-Clause
// A SCHED_FIFO task that has a CPU for itself.
#pragma once

#include "load/load.hpp"

#include <atomic>
#include <sched.h>
#include <thread>

namespace irqscope::live {

// The highest priority there is, on that CPU, without a pause. The kernel throttles it for 50 ms of each second.
class hog {
public:
    explicit hog(int cpu)
        : thread_([this, cpu] {
              sched_param parameter{};
              parameter.sched_priority = sched_get_priority_max(SCHED_FIFO);
              sched_setscheduler(0, SCHED_FIFO, &parameter);
              load::pin(cpu);
              running_ = true;
              while (!over_) {
              }
          }) {
        while (!running_) std::this_thread::yield();
    }
    hog(const hog&) = delete;
    hog& operator=(const hog&) = delete;
    hog(hog&&) = delete;
    hog& operator=(hog&&) = delete;
    ~hog() {
        over_ = true;
        thread_.join();
    }

private:
    std::atomic<bool> over_ = false;
    std::atomic<bool> running_ = false;
    std::thread thread_;
};

} // namespace irqscope::live
