// SPDX-License-Identifier: BSD-2-Clause
#include "recording/file_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <zstd.h>

namespace irqscope::recording {

namespace {

constexpr std::size_t window_bytes = 1U << 20; // that are read at once, at least
constexpr std::size_t most_damages = 10'000;   // that are named one by one

} // namespace

void file_reader::free_context::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

file_reader::file_reader(host::descriptor file, std::string name, std::uint64_t size)
    : file_(std::move(file)), name_(std::move(name)), size_(size), context_(ZSTD_createDCtx()) {}

result<file_reader> file_reader::open(const std::string& path) {
    host::descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat about {};
    if (file.get() < 0 || fstat(file.get(), &about) != 0)
        return failure(exit_status::failed, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    if (!S_ISREG(about.st_mode)) return failure(exit_status::failed, fmt::format("{} is no file", path));
    file_reader made(std::move(file), path, static_cast<std::uint64_t>(about.st_size));
    switch (check_start(made.read_at(0, start_size))) {
    case start_state::good: return made;
    case start_state::foreign:
        return failure(exit_status::failed, fmt::format("{} is no recording of irqscope's", path));
    case start_state::damaged:
        return failure(exit_status::failed, fmt::format("{} is a recording whose first bytes are damaged", path));
    case start_state::newer: break;
    }
    return failure(
        exit_status::failed,
        fmt::format("{} was written by a newer irqscope than this one, whose format is {}", path, format_version));
}

// As many as there are; a file that shrinks or cannot be read has fewer.
bytes file_reader::read_at(std::uint64_t offset, std::size_t size) {
    if (offset < window_at_ || offset + size > window_at_ + window_.size()) {
        window_.resize(std::max(size, window_bytes));
        window_at_ = offset;
        std::size_t have = 0;
        while (have < window_.size()) {
            const ssize_t done =
                pread(file_.get(), window_.data() + have, window_.size() - have, static_cast<off_t>(offset + have));
            if (done < 0 && errno == EINTR) continue;
            if (done <= 0) break;
            have += static_cast<std::size_t>(done);
        }
        window_.resize(have);
    }
    const bytes there = bytes(window_).subspan(static_cast<std::size_t>(offset - window_at_));
    return there.first(std::min(size, there.size()));
}

std::optional<chunk_head> file_reader::head_at(std::uint64_t offset) { return decode_head(read_at(offset, head_size)); }

void file_reader::note(damage what) {
    if (damages_.size() < most_damages) damages_.push_back(what);
}

// From the next byte on.
void file_reader::find_next_head() {
    const std::uint64_t from = at_;
    constexpr std::uint8_t first_of_magic = 'i'; // the low byte of what a head begins with
    for (at_++; at_ < size_;) {
        const bytes there = read_at(at_, head_size);
        if (there.size() < head_size) {
            at_ = size_;
            break;
        }
        if (there.front() == first_of_magic && decode_head(there)) break;
        at_++;
    }
    const bool found = at_ < size_;
    note({found ? damage::what::foreign : damage::what::cut, from, at_ - from, chunk_kind::header, chunk_head::no_cpu,
          0});
    searched_ = found && damages_.size() < most_damages;
}

std::optional<bytes> file_reader::payload_of(const chunk_head& head) {
    const bytes stored = read_at(at_ + head_size, head.stored_bytes);
    if (stored.size() != head.stored_bytes || crc_of(stored) != head.crc) return std::nullopt;
    if (head.packed == packing::none) return stored.size() == head.bytes ? std::optional(stored) : std::nullopt;
    if (head.packed != packing::zstd) return std::nullopt;
    unpacked_.resize(head.bytes);
    const std::size_t size =
        ZSTD_decompressDCtx(context_.get(), unpacked_.data(), unpacked_.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0U || size != head.bytes) return std::nullopt;
    return bytes(unpacked_);
}

std::optional<file_reader::chunk> file_reader::next(const std::function<bool(const chunk_head&)>& wanted) {
    while (at_ < size_ && !has_end_) {
        const auto head = head_at(at_);
        if (!head || head->sequence < sequence_) {
            find_next_head();
            continue;
        }
        if (at_ + head_size + head->stored_bytes > size_) {
            note({damage::what::cut, at_, size_ - at_, head->kind, head->cpu, head->records});
            at_ = size_;
            break;
        }
        if (std::exchange(searched_, false))
            damages_.back().records = static_cast<std::uint32_t>(head->sequence - sequence_);
        else if (head->sequence != sequence_)
            note({damage::what::missing, at_, head->sequence - sequence_, chunk_kind::header, chunk_head::no_cpu, 0});
        sequence_ = head->sequence + 1;
        const std::uint64_t here = at_;
        const bool is_wanted = wanted(*head);
        const bool is_own = head->kind == chunk_kind::end || head->kind == chunk_kind::index; // whole or not, as a file
        const auto payload = is_wanted || is_own ? payload_of(*head) : std::optional(bytes{});
        at_ += head_size + head->stored_bytes;
        if (!payload) {
            note({damage::what::payload, here, head_size + head->stored_bytes, head->kind, head->cpu, head->records});
            continue;
        }
        if (head->kind == chunk_kind::end) {
            has_end_ = true;
            if (at_ < size_) note({damage::what::foreign, at_, size_ - at_, chunk_kind::header, chunk_head::no_cpu, 0});
            break;
        }
        if (is_wanted) return chunk{*head, *payload};
    }
    return std::nullopt;
}

} // namespace irqscope::recording
