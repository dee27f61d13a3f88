// SPDX-License-Identifier: BSD-2-Clause
// Turns of reading and telling, which must come whatever CPU is held. A few readers sleep, each on CPUs of its own, until
// a turn is due; the first one to wake takes it, and the others find it taken. One whose CPU is held cannot be moved from
// outside without waiting for that CPU (docs/adr/0005-several-readers.md); it is not missed.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace irqscope::cli {

class turns {
public:
    // What is done in a turn, by one reader at a time, though not always by the same. Returns when the next turn is due
    // (CLOCK_MONOTONIC); nothing: that was the last. stopped: the user wants it to end (SIGINT, SIGTERM, SIGHUP), or nobody
    // reads our output any more; this turn should be the last.
    using work = std::function<result<std::optional<std::uint64_t>>(bool stopped)>;

    // A turn is due, too, when a descriptor is readable. From here on SIGINT, SIGTERM and SIGHUP do not end the process. Before
    // rights are dropped: it locks memory. Fails: failed.
    static result<turns> make(const std::vector<int>& descriptors);

    turns(const turns&) = delete;
    turns& operator=(const turns&) = delete;
    turns(turns&& other) noexcept;
    turns& operator=(turns&& other) noexcept;
    ~turns();

    // Takes turns until the last, the first of them at first_ns; the calling thread is a reader, and stays where the last
    // turn could be taken. Once. An error or exception of a turn makes it the last, and is handed on.
    result<void> take(work what, std::uint64_t first_ns);

    // From within a turn: from now on readers leave these CPUs to themselves, as far as they can. cpus: ascending.
    void avoid(const std::vector<int>& cpus);

private:
    struct implementation;
    explicit turns(std::unique_ptr<implementation> from);
    std::unique_ptr<implementation> inner_;
};

} // namespace irqscope::cli
