// SPDX-License-Identifier: BSD-2-Clause
// The files of one run. NAME is the newest; each one before it has the time when it began as its ending. Every one of them can be
// read by itself: it has its header, the names of all series, and what was untold before it began.
#pragma once

#include "host/descriptor.hpp"
#include "recording/file_writer.hpp"
#include "recording/last_seconds.hpp"
#include "result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace irqscope::recording {

struct files_plan {
    std::string path;
    std::size_t keep = 0; // so many files at most, the newest ones; 0: all of them
    // Not 0: there is no file until next() asks for one, and it begins with so much of what came before.
    std::uint64_t before_ns = 0;
    std::size_t before_bytes = 16U << 20; // packed, in memory
};

class files {
public:
    // JSON, of a file whose recording begins at that time (CLOCK_MONOTONIC); 0: now.
    using header_maker = std::function<std::string(std::uint64_t from_ns)>;

    // Makes nothing yet. Fails (failed): there is no such directory.
    static result<files> prepare(files_plan plan, header_maker header);
    // Makes the first file, unless it is to wait. Fails: as file_writer::create().
    result<void> open();

    // Into the present file, or where there is none into what is kept for the next. Fails: as file_writer::write().
    result<void> write(const chunk_about& about, bytes payload);
    result<void> sync();
    // The present file ends, and another begins. Fails (failed): it cannot be made; the one before it is whole.
    result<void> next();
    // The present file ends. From now on it is as it was before the first.
    result<void> rest();

    [[nodiscard]] bool has_one() const { return file_.has_value(); }
    [[nodiscard]] std::uint64_t all_bytes() const { return ended_bytes_ + file_bytes(); } // of all files there were
    [[nodiscard]] std::uint64_t file_bytes() const { return file_ ? file_->size() : 0; }
    [[nodiscard]] std::uint64_t count() const { return count_; }                           // of the files there were
    [[nodiscard]] std::uint64_t kept() const { return older_.size() + (newest_ ? 1 : 0); } // of those
    [[nodiscard]] std::uint64_t crowded_out() const { return last_.crowded_out(); }        // see last_seconds

private:
    struct place { // of a file that this run made
        std::string name;
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
    };
    struct names { // of series
        std::vector<std::uint8_t> lines;
        std::uint32_t records = 0;
    };

    files(files_plan plan, header_maker header, host::descriptor directory, std::string name);
    void remember(const chunk_about& about, bytes payload);
    result<void> begin();
    [[nodiscard]] bool is_there(const place& one) const;
    result<void> make_room();

    files_plan plan_;
    header_maker header_;
    host::descriptor directory_;
    std::string name_;
    std::optional<file_writer> file_;
    packer packer_;
    last_seconds last_;
    std::vector<names> series_;
    std::uint64_t interval_end_ns_ = 0; // of the last one
    std::chrono::system_clock::time_point began_;
    std::optional<place> newest_;
    std::deque<place> older_; // that are kept
    std::uint64_t count_ = 0;
    std::uint64_t ended_bytes_ = 0;
};

} // namespace irqscope::recording
