// SPDX-License-Identifier: BSD-2-Clause
#include "cli/scope.hpp"

#include "host/cpus.hpp"

#include <gtest/gtest.h>
#include <string>

namespace irqscope::cli {

namespace {

// The command line `watch ARGUMENTS`, understood.
result<scope> understood(const std::string& arguments) {
    CLI::App app;
    CLI::App* watch = app.add_subcommand("watch");
    scope_options options;
    add_scope(*watch, options);
    app.parse("watch " + arguments);
    return understand(options);
}

// The session that is made of it.
probe::session_options session_of(const std::string& arguments) {
    probe::session_options session;
    understood(arguments).value().apply(session);
    return session;
}

void expect_refused(const std::string& arguments, std::string_view option) {
    const auto value = understood(arguments);
    ASSERT_FALSE(value) << arguments;
    EXPECT_EQ(value.error().status, exit_status::usage) << arguments;
    EXPECT_TRUE(value.error().message.starts_with(option)) << value.error().message;
}

} // namespace

TEST(scope, what_is_not_given_stays_as_it_was) {
    EXPECT_FALSE(understood("").value().duration_ns) << "until Ctrl-C";
    const probe::session_options defaults;
    EXPECT_EQ(session_of("").cpus, defaults.cpus) << "all, also those that come";
    EXPECT_EQ(session_of("").beat_ns, defaults.beat_ns);
    probe::session_options mine;
    mine.cpus = {3};
    mine.beat_ns = 7'000'000;
    understood("").value().apply(mine);
    EXPECT_EQ(mine.cpus, std::vector{3});
    EXPECT_EQ(mine.beat_ns, 7'000'000U);
}

TEST(scope, what_is_given_is_taken_by_either_name) {
    EXPECT_EQ(understood("-d 10").value().duration_ns, 10'000'000'000U);
    EXPECT_EQ(understood("--duration 500ms").value().duration_ns, 500'000'000U);
    const int cpu = host::online_cpus().value().back();
    for (const char* option : {"-C ", "--cpu "})
        EXPECT_EQ(session_of(option + std::to_string(cpu)).cpus, std::vector{cpu}) << option;
    EXPECT_EQ(session_of("--beat 4ms").beat_ns, 4'000'000U);
}

TEST(scope, refusal_names_the_option) {
    expect_refused("-d soon", "-d soon:");
    expect_refused("-d 0", "-d 0:");
    expect_refused("-C 0,,1", "-C 0,,1:");
    expect_refused("-C 99999", "-C 99999:");
    expect_refused("--beat 1", "--beat 1:");
    expect_refused("--beat 99us", "--beat 99us:");
    expect_refused("--beat 101ms", "--beat 101ms:");
}

TEST(scope, words_of_a_duration_continue_a_sentence) {
    EXPECT_EQ(words_for({}), "");
    EXPECT_EQ(words_for(10'000'000'000), " for 10 s");
    EXPECT_EQ(words_for(2'500'000'000), " for 2.5 s");
}

} // namespace irqscope::cli
