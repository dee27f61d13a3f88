// SPDX-License-Identifier: BSD-2-Clause
#include "cli/switching.hpp"

#include "cli/parse.hpp"

#include <charconv>
#include <filesystem>
#include <fmt/format.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

namespace irqscope::cli {

void add_switching(CLI::App& app, switching_options& to) {
    app.add_option("--max-size", to.max_size,
                   "of a file (100M, 2G): then a new FILE is begun, and the one before gets its time as an ending")
        ->type_name("BYTES");
    app.add_option("--keep", to.keep, "so many files of this run at most: the oldest go (all are kept)")
        ->type_name("N");
    app.add_option("--switch-on-stall", to.before,
                   "no file until there is a stall; one begins with each incident, with so much of what came before")
        ->type_name("TIME");
}

result<switching_plan> understand(const switching_options& options) {
    switching_plan made;
    if (!options.max_size.empty()) {
        const auto bytes = parse_file_size("--max-size", options.max_size);
        if (!bytes) return tl::unexpected(bytes.error());
        made.rule.max_bytes = *bytes;
    }
    if (!options.keep.empty()) {
        const char* const end = options.keep.data() + options.keep.size();
        const auto [rest, failed] = std::from_chars(options.keep.data(), end, made.keep);
        if (failed != std::errc{} || rest != end || made.keep == 0)
            return failure(exit_status::usage, fmt::format("--keep {}: a number of files, 1 or more", options.keep));
    }
    if (!options.before.empty()) {
        const auto ns = parse_duration("--switch-on-stall", options.before);
        if (!ns) return tl::unexpected(ns.error());
        made.before_ns = *ns;
        made.rule.on_stall = true;
    }
    return made;
}

void become_able_to_make_files(const std::string& path) {
    struct stat about {};
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    if (geteuid() != 0 || stat(directory.empty() ? "." : directory.c_str(), &about) != 0) return;
    if (about.st_uid == 0 || (about.st_mode & S_IWOTH) != 0) return;
    // They tell no failure; making the file does.
    setfsgid(about.st_gid);
    setfsuid(about.st_uid);
}

void switching::take(recording::switch_rule::step what) {
    switch (what) {
    case recording::switch_rule::step::next: return recorder_->next_file();
    case recording::switch_rule::step::rest: return recorder_->rest_file();
    case recording::switch_rule::step::none: return;
    }
}

bool switching::closes() {
    if (asks_.came()) rule_.ask();
    return rule_.wants_end(recorder_->so_far().file_bytes);
}

void switching::closed(std::uint64_t end_ns) { take(rule_.interval(end_ns, recorder_->so_far().file_bytes)); }

bool switching::stall(const model::stall& one) {
    take(rule_.told(one));
    return to_->stall(one);
}

bool switching::over(const model::stall& one) {
    rule_.over(one);
    return to_->over(one);
}

} // namespace irqscope::cli
