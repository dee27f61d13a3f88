// SPDX-License-Identifier: BSD-2-Clause
// Reads a recording chunk by chunk, whatever has become of it. What is damaged is passed over and named; nothing is read from it.
#pragma once

#include "host/descriptor.hpp"
#include "recording/chunk.hpp"
#include "result.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct ZSTD_DCtx_s;

namespace irqscope::recording {

// A stretch of the file that says nothing.
struct damage {
    enum class what {
        foreign, // bytes that are no chunk: its head is damaged, or something was written over it; `records` chunks are missing
        payload, // of a chunk whose head is whole: `kind`, `cpu` and `records` are what is missing
        missing, // chunks that are not there, though what comes after them is
        cut,     // the file ends in the middle of a chunk
    };
    what is = what::foreign;
    std::uint64_t offset = 0;
    std::uint64_t size = 0; // bytes; missing: chunks
    chunk_kind kind = chunk_kind::header;
    std::uint32_t cpu = chunk_head::no_cpu;
    std::uint32_t records = 0;
};

class file_reader {
public:
    // Fails (failed): it cannot be read, is no recording, or a newer version's.
    static result<file_reader> open(const std::string& path);

    struct chunk {
        chunk_head head;
        bytes payload; // unpacked; good until the next call
    };
    // The next whole chunk whose head is wanted; nothing: there is none. Does not fail: what cannot be read is damage.
    std::optional<chunk> next(const std::function<bool(const chunk_head&)>& wanted);

    // The end marker has been read: nothing is missing at the end.
    [[nodiscard]] bool has_end() const { return has_end_; }
    [[nodiscard]] const std::vector<damage>& damages() const { return damages_; }
    [[nodiscard]] bool whole() const { return has_end_ && damages_.empty(); }
    [[nodiscard]] std::uint64_t size() const { return size_; } // of the file, in bytes
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    struct free_context {
        void operator()(ZSTD_DCtx_s* context) const;
    };
    file_reader(host::descriptor file, std::string name, std::uint64_t size);

    [[nodiscard]] bytes read_at(std::uint64_t offset, std::size_t size);
    std::optional<chunk_head> head_at(std::uint64_t offset);
    void find_next_head();
    [[nodiscard]] std::optional<bytes> payload_of(const chunk_head& head);
    void note(damage what);

    host::descriptor file_;
    std::string name_;
    std::uint64_t size_;
    std::uint64_t at_ = start_size;
    std::uint64_t sequence_ = 0; // of the chunk to come
    bool searched_ = false;      // for the head at at_
    bool has_end_ = false;
    std::unique_ptr<ZSTD_DCtx_s, free_context> context_;
    std::vector<std::uint8_t> window_; // what was read of the file
    std::uint64_t window_at_ = 0;
    std::vector<std::uint8_t> unpacked_;
    std::vector<damage> damages_;
};

} // namespace irqscope::recording
