// SPDX-License-Identifier: BSD-2-Clause
// Writes chunks into a new file, each whole or not at all.
#pragma once

#include "host/descriptor.hpp"
#include "recording/chunk.hpp"
#include "result.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct ZSTD_CCtx_s;

namespace irqscope::recording {

// What a chunk is of; the rest of its head is the writer's.
struct chunk_about {
    chunk_kind kind = chunk_kind::header;
    std::uint64_t first_ns = 0;
    std::uint64_t last_ns = 0;
    std::uint32_t cpu = chunk_head::no_cpu;
    std::uint32_t records = 0;
};

// A chunk as it stands in a file, but for its place there.
struct packed_chunk {
    chunk_about about;
    packing packed = packing::none;
    std::uint32_t bytes = 0;         // unpacked
    std::vector<std::uint8_t> whole; // room for its head, and what follows it
};

class packer {
public:
    packer();
    // Packs it, if that makes it smaller, in the memory that `to` has. payload: at most most_chunk_bytes.
    void pack(const chunk_about& about, bytes payload, packed_chunk& to);

private:
    struct free_context {
        void operator()(ZSTD_CCtx_s* context) const;
    };
    std::unique_ptr<ZSTD_CCtx_s, free_context> context_;
};

class file_writer {
public:
    // Makes the file, 0600, in the directory of that descriptor (AT_FDCWD: the current one). A recording of that name that
    // is there becomes `name.old`, as perf does it; another file is left alone. Fails: failed.
    static result<file_writer> create(int directory, std::string name);

    // Packs and writes. A disk that is full, or breaks, leaves the file as it was before: fails (failed), and is good for
    // nothing more but end(), which then only closes.
    result<void> write(const chunk_about& about, bytes payload);
    // The same of one that is packed; its head is made in it.
    result<void> write(packed_chunk& one);
    // To the disk, however slow that is. Fails: failed.
    result<void> sync();
    // The index and the end marker, and to the disk.
    result<void> end();

    [[nodiscard]] std::uint64_t size() const { return size_; }

private:
    file_writer(host::descriptor file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
    void note(const chunk_head& head, std::size_t size);
    [[nodiscard]] std::string index() const;
    tl::unexpected<error> cannot_write(int reason);

    struct interval_place {
        std::uint64_t offset = 0; // of the first chunk behind it
        std::uint64_t sequence = 0;
        std::uint64_t end_ns = 0;
    };
    struct kind_sum {
        std::uint64_t chunks = 0;
        std::uint64_t records = 0;
        std::uint64_t bytes = 0; // in the file, heads included
    };
    static constexpr std::size_t most_intervals = 4096; // in the index; beyond that every second one goes

    host::descriptor file_;
    std::string name_;
    packer packer_;
    packed_chunk packed_; // the one that is written
    std::map<chunk_kind, kind_sum> sums_;
    std::vector<std::uint64_t> series_; // offsets
    std::vector<interval_place> intervals_;
    std::uint64_t interval_step_ = 1; // every so manieth one is noted
    std::uint64_t intervals_seen_ = 0;
    std::uint64_t size_ = 0;
    std::uint64_t sequence_ = 0;
    bool broken_ = false;
};

} // namespace irqscope::recording
