// SPDX-License-Identifier: BSD-2-Clause
// Chunks on their way from the reader of the rings to the writer of the file. Neither waits for the other: the reader must not
// hang behind a disk, and both may run on a CPU that is held.
#pragma once

#include "recording/file_writer.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <semaphore>
#include <vector>

namespace irqscope::recording {

class chunk_queue {
public:
    // What the writer is to do: write the chunk, or see files::next() and files::rest().
    enum class order { write, next, rest };
    struct item {
        chunk_about about;
        std::vector<std::uint8_t> payload;
        order what = order::write;
    };

    // So many places, each with so much room; both of them from the start.
    chunk_queue(std::size_t places, std::size_t room) : items_(places) {
        for (item& one : items_) one.payload.reserve(room);
    }

    // By one thread at a time. Takes the payload and leaves an empty one with room instead. False: there is no place.
    bool push(const chunk_about& about, std::vector<std::uint8_t>& payload, order what = order::write) {
        const std::size_t at = head_.load(std::memory_order_relaxed);
        if (at - tail_.load(std::memory_order_acquire) == items_.size()) return false;
        item& to = items_[at % items_.size()];
        to.about = about;
        to.what = what;
        to.payload.swap(payload);
        payload.clear();
        head_.store(at + 1, std::memory_order_release);
        there_.release();
        return true;
    }

    // By one thread, another one. The oldest, until pop(); null: there was none for so long.
    item* front(std::chrono::milliseconds patience) {
        if (!there_.try_acquire_for(patience)) return nullptr;
        return &items_[tail_.load(std::memory_order_relaxed) % items_.size()];
    }
    void pop() { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

private:
    std::vector<item> items_;
    std::atomic<std::size_t> head_ = 0;
    std::atomic<std::size_t> tail_ = 0;
    std::counting_semaphore<> there_{0};
};

} // namespace irqscope::recording
