// SPDX-License-Identifier: BSD-2-Clause
#include "recording/file_writer.hpp"

#include "host/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <zstd.h>

namespace irqscope::recording {

namespace {

constexpr int level = 1; // faster than any disk that it is for; twice the time of level 3 saves a tenth

int write_all(int descriptor, bytes from) {
    return host::write_all(descriptor,
                           {reinterpret_cast<const char*>(from.data()), from.size()}); // NOLINT(*-reinterpret-cast)
}

} // namespace

void packer::free_context::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

packer::packer() : context_(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
}

void packer::pack(const chunk_about& about, bytes payload, packed_chunk& to) {
    to.about = about;
    to.bytes = static_cast<std::uint32_t>(payload.size());
    to.whole.resize(head_size + ZSTD_compressBound(payload.size()));
    const std::size_t packed = ZSTD_compress2(context_.get(), to.whole.data() + head_size, to.whole.size() - head_size,
                                              payload.data(), payload.size());
    const bool smaller = ZSTD_isError(packed) == 0U && packed < payload.size();
    to.packed = smaller ? packing::zstd : packing::none;
    to.whole.resize(head_size + (smaller ? packed : payload.size()));
    if (!smaller) std::copy(payload.begin(), payload.end(), to.whole.begin() + head_size);
}

namespace {

enum class there { nothing, ours, others };

// What has that name: an empty file counts as ours. Fails (failed): it cannot be looked at.
result<there> look_at(int directory, const std::string& name) {
    struct stat about {};
    if (fstatat(directory, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return there::nothing;
        return failure(exit_status::failed, fmt::format("cannot look at {}: {}", name, std::strerror(errno)));
    }
    if (!S_ISREG(about.st_mode)) return there::others;
    if (about.st_size == 0) return there::ours;
    const host::descriptor file(openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    std::array<std::uint8_t, start_size> start{};
    const bool ours = read(file.get(), start.data(), start.size()) == static_cast<ssize_t>(start.size()) &&
                      check_start(start) != start_state::foreign;
    return ours ? there::ours : there::others;
}

// Makes room for a new file: a recording of that name gets out of its way.
result<void> set_aside(int directory, const std::string& name) {
    const std::string old = name + ".old";
    const auto present = look_at(directory, name);
    if (!present) return tl::unexpected(present.error());
    if (*present == there::nothing) return {};
    const auto before = look_at(directory, old);
    if (!before) return tl::unexpected(before.error());
    for (const auto& [which, is] : {std::pair(&name, *present), std::pair(&old, *before)})
        if (is == there::others)
            return failure(exit_status::failed,
                           fmt::format("{} is there and is no recording of irqscope's (nor a file that one may "
                                       "take the place of): say another name with -o",
                                       *which));
    if (renameat(directory, name.c_str(), directory, old.c_str()) != 0)
        return failure(exit_status::failed, fmt::format("cannot rename {} to {}: {}", name, old, std::strerror(errno)));
    return {};
}

} // namespace

result<file_writer> file_writer::create(int directory, std::string name) {
    if (auto room = set_aside(directory, name); !room) return tl::unexpected(room.error());
    host::descriptor file(
        openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR));
    if (file.get() < 0)
        return failure(exit_status::failed, fmt::format("cannot create {}: {}", name, std::strerror(errno)));
    file_writer made(std::move(file), std::move(name));
    const auto start = encode_start();
    if (const int reason = write_all(made.file_.get(), start); reason != 0) return made.cannot_write(reason);
    made.size_ = start.size();
    return made;
}

tl::unexpected<error> file_writer::cannot_write(int reason) {
    broken_ = true;
    // what is there of the chunk that did not fit; if that fails, the reader finds out
    [[maybe_unused]] const int cut = ftruncate(file_.get(), static_cast<off_t>(size_));
    return failure(exit_status::failed,
                   fmt::format("cannot write {}: {}; it is good up to there", name_, std::strerror(reason)));
}

void file_writer::note(const chunk_head& head, std::size_t size) {
    kind_sum& sum = sums_[head.kind];
    sum.chunks++;
    sum.records += head.records;
    sum.bytes += size;
    if (head.kind == chunk_kind::series) series_.push_back(size_);
    if (head.kind != chunk_kind::interval || intervals_seen_++ % interval_step_ != 0) return;
    intervals_.push_back({size_ + size, head.sequence + 1, head.last_ns});
    if (intervals_.size() < most_intervals) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < intervals_.size(); i += 2) intervals_[kept++] = intervals_[i];
    intervals_.resize(kept);
    interval_step_ *= 2;
}

result<void> file_writer::write(const chunk_about& about, bytes payload) {
    if (payload.size() > most_chunk_bytes)
        return failure(exit_status::failed,
                       fmt::format("{}: {} bytes are too many for one chunk", name_, payload.size()));
    packer_.pack(about, payload, packed_);
    return write(packed_);
}

result<void> file_writer::write(packed_chunk& one) {
    if (broken_) return failure(exit_status::failed, fmt::format("{} cannot be written any more", name_));
    const bytes stored = bytes(one.whole).subspan(head_size);
    chunk_head head;
    head.kind = one.about.kind;
    head.packed = one.packed;
    head.stored_bytes = static_cast<std::uint32_t>(stored.size());
    head.bytes = one.bytes;
    head.sequence = sequence_;
    head.first_ns = one.about.first_ns;
    head.last_ns = one.about.last_ns;
    head.cpu = one.about.cpu;
    head.records = one.about.records;
    head.crc = crc_of(stored);
    const auto encoded = encode(head);
    std::copy(encoded.begin(), encoded.end(), one.whole.begin());
    if (const int reason = write_all(file_.get(), one.whole); reason != 0) return cannot_write(reason);
    note(head, one.whole.size());
    size_ += one.whole.size();
    sequence_++;
    return {};
}

result<void> file_writer::sync() {
    if (fdatasync(file_.get()) != 0)
        return failure(exit_status::failed,
                       fmt::format("cannot write {} to its disk: {}", name_, std::strerror(errno)));
    return {};
}

std::string file_writer::index() const {
    nlohmann::ordered_json kinds = nlohmann::ordered_json::object();
    for (const auto& [kind, sum] : sums_)
        kinds[std::string(name_of(kind))] = {{"chunks", sum.chunks}, {"records", sum.records}, {"bytes", sum.bytes}};
    nlohmann::ordered_json intervals = nlohmann::ordered_json::array();
    for (const interval_place& one : intervals_) intervals.push_back({one.offset, one.sequence, one.end_ns});
    return nlohmann::ordered_json{{"kinds", kinds}, {"series_at", series_}, {"intervals_end_at", intervals}}.dump();
}

result<void> file_writer::end() {
    const std::uint64_t index_at = size_;
    const std::string text = index();
    if (auto written = write({chunk_kind::index, 0, 0, chunk_head::no_cpu, 1}, bytes_of(text)); !written)
        return written;
    std::array<std::uint8_t, 8> place{};
    put(place.data(), index_at);
    if (auto written = write({chunk_kind::end, 0, 0, chunk_head::no_cpu, 1}, place); !written) return written;
    return sync();
}

} // namespace irqscope::recording
