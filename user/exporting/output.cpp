// SPDX-License-Identifier: BSD-2-Clause
#include "exporting/output.hpp"

#include "host/files.hpp"
#include "sink/sink.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace irqscope::exporting {

namespace {

constexpr std::size_t batch = 256U << 10; // bytes that are written at once

tl::unexpected<error> unwritable(const std::string& path, int reason) {
    return failure(exit_status::failed, fmt::format("cannot write {}: {}", path, std::strerror(reason)));
}

// Of a link, what it leads to: it is that which is written.
std::string target_of(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(realpath(path.c_str(), nullptr), std::free);
    return real ? std::string(real.get()) : path;
}

// Nobody sees it until it has a name. Invalid, and errno: that cannot be.
host::descriptor make_nameless(const std::string& path) {
    const std::string parent = std::filesystem::path(path).parent_path();
    return host::descriptor(
        ::open(parent.empty() ? "." : parent.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
}

} // namespace

result<output> output::open(const std::string& path) {
    output made;
    made.path_ = path;
    if (path == "-") return made;
    struct stat there {};
    if (stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
        made.file_ = host::descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        if (made.file_.get() < 0) return unwritable(path, errno);
        return made;
    }
    made.is_new_ = true;
    made.target_ = target_of(path);
    made.file_ = make_nameless(made.target_);
    if (made.file_.get() >= 0) return made;
    // a file system that knows no such thing
    made.temporary_ = made.target_ + ".XXXXXX";
    made.file_ = host::descriptor(mkostemp(made.temporary_.data(), O_CLOEXEC));
    if (made.file_.get() >= 0) return made;
    made.temporary_.clear();
    return unwritable(path, errno);
}

output::output(output&& other) noexcept
    : path_(std::move(other.path_)), target_(std::move(other.target_)), temporary_(std::exchange(other.temporary_, {})),
      is_new_(other.is_new_), file_(std::move(other.file_)), buffer_(std::move(other.buffer_)),
      written_(other.written_), wanted_(other.wanted_), reason_(other.reason_) {}

output::~output() {
    if (!temporary_.empty()) unlink(temporary_.c_str());
}

void output::write(std::string_view bytes) {
    if (!wanted_) return;
    buffer_ += bytes;
    written_ += bytes.size();
    if (buffer_.size() >= batch) flush();
}

void output::flush() {
    if (file_.get() < 0) {
        wanted_ = wanted_ && sink::write_out(buffer_);
        reason_ = sink::write_error();
    } else if (wanted_) {
        reason_ = host::write_all(file_.get(), buffer_);
        wanted_ = reason_ == 0;
    }
    buffer_.clear();
}

void output::rewrite(std::uint64_t offset, std::string_view bytes) {
    flush();
    if (!wanted_) return;
    reason_ = host::write_all(file_.get(), bytes, offset);
    wanted_ = reason_ == 0;
}

result<void> output::keep() {
    flush();
    if (reason_ == EPIPE) return {};
    if (reason_ != 0) return unwritable(path_ == "-" ? "the output" : path_, reason_);
    if (!is_new_) return {};
    if (fsync(file_.get()) != 0 || !give_name() || rename(temporary_.c_str(), target_.c_str()) != 0)
        return unwritable(path_, errno);
    temporary_.clear();
    return {};
}

// A name of its own, which can then be put in the place of another's.
bool output::give_name() {
    for (int tries = 0; temporary_.empty() && tries < 100; tries++) {
        const std::string name = fmt::format("{}.{}.{}", target_, getpid(), tries);
        if (linkat(AT_FDCWD, fmt::format("/proc/self/fd/{}", file_.get()).c_str(), AT_FDCWD, name.c_str(),
                   AT_SYMLINK_FOLLOW) == 0)
            temporary_ = name;
        else if (errno != EEXIST)
            return false;
    }
    return !temporary_.empty();
}

} // namespace irqscope::exporting
