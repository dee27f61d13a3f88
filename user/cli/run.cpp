// SPDX-License-Identifier: BSD-2-Clause
#include "cli/commands.hpp"
#include "probe/session.hpp"
#include "sink/sink.hpp"
#include "version.hpp"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <unistd.h>

namespace irqscope::cli {

namespace {

constexpr const char* closing =
    R"(Exit status: 0 done, 1 failed, 2 usage, 3 not possible on this host, 4 diff found a
change or selftest missed something.
As in perf, -i is an input file and -I an interval. -d is a duration (in bcc's tools it means something else).
Times take units (500us, 10ms, 2s); a bare number is seconds for -d and -I. CPU lists are written 0-3,8.)";

int complain(exit_status status, const std::string& message) {
    if (!message.empty()) fmt::print(stderr, "irqscope: {}\n", message); // else it is another's, passed on
    return static_cast<int>(status);
}

// One that is closed would become a map's or a file's, and get our output. What is here instead takes none.
void open_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

// CLI11 says what is wrong in one line or more; one sentence is wanted, and where to look.
std::string sentence_of(const CLI::ParseError& wrong, const CLI::App& app) {
    std::string text = wrong.what();
    // CLI11 finds that a subcommand is missing before it looks at what stands in its place.
    if (const auto rest = app.remaining(); app.get_subcommands().empty() && !rest.empty())
        text = fmt::format("there is no command '{}'", rest.front());
    if (const std::size_t end = text.find('\n'); end != std::string::npos) text.resize(end);
    std::string name = "irqscope";
    for (const CLI::App* chosen : app.get_subcommands()) name += " " + chosen->get_name();
    return fmt::format("{} (`{} --help` lists the options)", text, name);
}

} // namespace

int run(int count, const char* const* arguments) {
    open_standard_descriptors();
    CLI::App app("irqscope shows how long each CPU's interrupts and softirqs ran, and how long softirqs waited.");
    app.name("irqscope");
    app.footer(closing);
    app.require_subcommand(1);
    app.set_version_flag("--version", fmt::format("irqscope {}", version));
    global_options global;
    app.add_flag("-v,--verbose", global.verbose, "show libbpf's own words on stderr");
    app.add_option("--btf", global.btf_file, "BTF of this very kernel, where the kernel does not show its own")
        ->type_name("FILE");
    app.fallthrough(); // global options are understood behind the subcommand too

    std::map<std::string, command> commands;
    commands["hist"] = add_hist(app);
    commands["stalls"] = add_stalls(app);
    commands["record"] = add_record(app);
    commands["report"] = add_report(app);
    commands["script"] = add_script(app);
    commands["export"] = add_export(app);
    commands["diff"] = add_diff(app);
    commands["info"] = add_info(app);
    commands["doctor"] = add_doctor(app);
    commands["selftest"] = add_selftest(app);

    if (count <= 1) {
        fmt::print(stderr, "{}", app.help());
        return static_cast<int>(exit_status::usage);
    }
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& wrong) {
        if (wrong.get_exit_code() == 0) return app.exit(wrong); // --help, --version
        return complain(exit_status::usage, sentence_of(wrong, app));
    }
    probe::set_libbpf_verbose(global.verbose);
    const auto done = commands.at(app.get_subcommands().front()->get_name())(global);
    if (!done) return complain(done.error().status, done.error().message);
    if (const int reason = sink::write_error(); reason != 0)
        return complain(exit_status::failed, fmt::format("cannot write the output: {}", std::strerror(reason)));
    return static_cast<int>(exit_status::done);
}

} // namespace irqscope::cli
