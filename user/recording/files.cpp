// SPDX-License-Identifier: BSD-2-Clause
#include "recording/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace irqscope::recording {

namespace {

constexpr std::size_t names_bytes = 1U << 20; // of series in one chunk
constexpr unsigned rename_noreplace = 1;      // RENAME_NOREPLACE of linux/fs.h, which clashes with others

} // namespace

files::files(files_plan plan, header_maker header, host::descriptor directory, std::string name)
    : plan_(std::move(plan)), header_(std::move(header)), directory_(std::move(directory)), name_(std::move(name)),
      last_(plan_.before_ns, plan_.before_bytes) {}

result<files> files::prepare(files_plan plan, header_maker header) {
    const std::filesystem::path path(plan.path);
    const std::string where = path.has_parent_path() ? path.parent_path().string() : ".";
    host::descriptor directory(::open(where.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || !path.has_filename())
        return failure(exit_status::failed, fmt::format("cannot create {}: {}", plan.path,
                                                        std::strerror(directory.get() < 0 ? errno : EISDIR)));
    return files(std::move(plan), std::move(header), std::move(directory), path.filename().string());
}

result<void> files::open() { return plan_.before_ns == 0 ? begin() : result<void>{}; }

// Those of one run are few thousands; as few chunks of them as may be.
void files::remember(const chunk_about& about, bytes payload) {
    if (series_.empty() || series_.back().lines.size() + payload.size() > names_bytes) series_.emplace_back();
    series_.back().lines.insert(series_.back().lines.end(), payload.begin(), payload.end());
    series_.back().records += about.records;
}

result<void> files::write(const chunk_about& about, bytes payload) {
    if (about.kind == chunk_kind::series) {
        remember(about, payload);
        return file_ ? file_->write(about, payload) : result<void>{};
    }
    if (about.kind == chunk_kind::interval) interval_end_ns_ = about.last_ns;
    // what is missing of an interval that began before the file is not counted by it either
    const bool kept = !file_ || last_.is_holed();
    if (!kept && about.kind != chunk_kind::untold) return file_->write(about, payload);
    packed_chunk packed;
    packer_.pack(about, payload, packed);
    if (!kept) last_.set_untold(packed);
    if (!kept) return file_->write(packed);
    last_.add(std::move(packed));
    if (!file_) return {};
    for (packed_chunk& one : last_.take())
        if (auto written = file_->write(one); !written) return written;
    return {};
}

result<void> files::sync() { return file_ ? file_->sync() : result<void>{}; }

// Under its name, and not somebody else's.
bool files::is_there(const place& one) const {
    struct stat about {};
    return fstatat(directory_.get(), one.name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 &&
           about.st_dev == one.device && about.st_ino == one.inode;
}

// NAME becomes one of the older ones, and the oldest go.
result<void> files::make_room() {
    if (!newest_ || !is_there(*newest_))
        return {}; // what is in the way instead is looked at by who makes the next file
    const std::time_t seconds = std::chrono::system_clock::to_time_t(began_);
    std::tm local{};
    localtime_r(&seconds, &local);
    const std::string stamped = fmt::format("{}.{:%Y%m%d-%H%M%S}", name_, local);
    newest_->name = stamped;
    for (int again = 2; again < 1000; again++) {
        // by its number: musl and older glibc lack the wrapper
        if (syscall(SYS_renameat2, directory_.get(), name_.c_str(), directory_.get(), newest_->name.c_str(),
                    rename_noreplace) == 0) {
            older_.push_back(*newest_);
            break;
        }
        if (errno != EEXIST)
            return failure(exit_status::failed, fmt::format("cannot begin another file, as {} cannot become {}: {}",
                                                            name_, newest_->name, std::strerror(errno)));
        newest_->name = fmt::format("{}.{}", stamped, again);
    }
    while (plan_.keep != 0 && older_.size() + 1 > plan_.keep) {
        if (is_there(older_.front())) unlinkat(directory_.get(), older_.front().name.c_str(), 0);
        older_.pop_front();
    }
    return {};
}

result<void> files::begin() {
    if (auto room = make_room(); !room) return room;
    auto file = file_writer::create(directory_.get(), name_);
    if (!file) return tl::unexpected(file.error());
    file_ = std::move(*file);
    began_ = std::chrono::system_clock::now();
    count_++;
    struct stat about {};
    newest_.reset();
    if (fstatat(directory_.get(), name_.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0)
        newest_ = place{name_, about.st_dev, about.st_ino};
    auto untold = last_.untold_before();
    auto kept = last_.take();
    std::uint64_t from_ns = kept.empty() ? interval_end_ns_ : 0;
    for (const packed_chunk& one : kept)
        if (const std::uint64_t ns = one.about.first_ns; ns != 0) from_ns = from_ns == 0 ? ns : std::min(from_ns, ns);
    const std::string header = header_(from_ns);
    if (auto written = file_->write({chunk_kind::header, 0, 0, chunk_head::no_cpu, 1}, bytes_of(header)); !written)
        return written;
    for (const names& one : series_)
        if (auto written = file_->write({chunk_kind::series, 0, 0, chunk_head::no_cpu, one.records}, one.lines);
            !written)
            return written;
    if (untold)
        if (auto written = file_->write(*untold); !written) return written;
    for (packed_chunk& one : kept)
        if (auto written = file_->write(one); !written) return written;
    return {};
}

result<void> files::rest() {
    if (!file_) return {};
    auto ended = file_->end();
    ended_bytes_ += file_->size();
    file_.reset();
    return ended;
}

result<void> files::next() {
    if (auto ended = rest(); !ended) return ended;
    if (auto begun = begin(); !begun) return begun;
    return sync();
}

} // namespace irqscope::recording
