// SPDX-License-Identifier: BSD-2-Clause
// A file of chunks, whole and in every state that a crash or a bad disk leaves it in.
#include "recording/file_reader.hpp"
#include "recording/file_writer.hpp"
#include "recording/in_a_directory.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace irqscope::recording {

namespace {

using testing::HasSubstr;

class file : public in_a_directory {
protected:
    // Chunk i of spans says `i` and then some.
    static std::string text_of(std::size_t i) { return std::to_string(i) + std::string(i * 37 % 200, 'x'); }

    void write(std::size_t chunks, bool whole = true) const {
        auto writer = file_writer::create(AT_FDCWD, path_);
        ASSERT_TRUE(writer) << writer.error().message;
        for (std::size_t i = 0; i < chunks; i++) {
            const chunk_about about{chunk_kind::spans, 100 * i, 100 * i + 99, static_cast<std::uint32_t>(i % 2), 5};
            ASSERT_TRUE(writer->write(about, bytes_of(text_of(i))));
        }
        if (whole) {
            ASSERT_TRUE(writer->end());
        }
    }

    struct seen {
        std::vector<std::string> texts;
        std::vector<damage> damages;
        bool has_end = false;
        bool whole = false;
        std::string error;
    };
    static seen read(const std::string& path) {
        seen found;
        auto reader = file_reader::open(path);
        if (!reader) {
            found.error = reader.error().message;
            return found;
        }
        while (const auto chunk = reader->next([](const chunk_head& head) { return head.kind == chunk_kind::spans; }))
            found.texts.emplace_back(chunk->payload.begin(), chunk->payload.end());
        found.damages = reader->damages();
        found.has_end = reader->has_end();
        found.whole = reader->whole();
        return found;
    }

    static std::string contents(const std::string& path) {
        std::ostringstream text;
        text << std::ifstream(path, std::ios::binary).rdbuf();
        return text.str();
    }
    static void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
};

} // namespace

TEST_F(file, comes_back_whole) {
    write(20);
    const seen found = read(path_);
    ASSERT_EQ(found.texts.size(), 20U);
    for (std::size_t i = 0; i < 20; i++) EXPECT_EQ(found.texts[i], text_of(i));
    EXPECT_TRUE(found.whole);
}

TEST_F(file, is_the_owners_alone) {
    write(1);
    struct stat about {};
    ASSERT_EQ(stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777U, 0600U);
}

TEST_F(file, of_that_name_is_kept_if_it_is_a_recording) {
    write(1);
    write(2);
    EXPECT_EQ(read(path_).texts.size(), 2U);
    EXPECT_EQ(read(path_ + ".old").texts.size(), 1U);
}

TEST_F(file, old_that_is_none_of_ours_is_left_alone) {
    write(1);
    put(path_ + ".old", "precious");
    const auto other = file_writer::create(AT_FDCWD, path_);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("a.data.old is there and is no recording"));
    EXPECT_EQ(contents(path_ + ".old"), "precious");
    EXPECT_EQ(read(path_).texts.size(), 1U);
}

TEST_F(file, that_is_none_of_ours_is_left_alone) {
    put(path_, "root:x:0:0:root:/root:/bin/bash\n");
    const auto other = file_writer::create(AT_FDCWD, path_);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("no recording"));
    EXPECT_EQ(contents(path_), "root:x:0:0:root:/root:/bin/bash\n");
    EXPECT_FALSE(file_writer::create(AT_FDCWD, directory_));
    EXPECT_FALSE(file_writer::create(AT_FDCWD, "/dev/null"));
    EXPECT_FALSE(file_writer::create(AT_FDCWD, directory_ + "/none/a.data"));
}

TEST_F(file, without_its_end_is_read_and_says_so) {
    write(20, false);
    const seen found = read(path_);
    EXPECT_EQ(found.texts.size(), 20U);
    EXPECT_FALSE(found.has_end);
    EXPECT_TRUE(found.damages.empty());
}

TEST_F(file, cut_anywhere_is_read_up_to_there) {
    write(6);
    const std::string all = contents(path_);
    const std::string path = directory_ + "/cut.data";
    std::size_t most = 0;
    for (std::size_t size = 0; size < all.size(); size++) {
        put(path, all.substr(0, size));
        const seen found = read(path);
        if (size < start_size) {
            EXPECT_THAT(found.error, HasSubstr("no recording"));
            continue;
        }
        EXPECT_EQ(found.error, "");
        EXPECT_FALSE(found.whole);
        EXPECT_FALSE(found.has_end);
        EXPECT_GE(found.texts.size(), most) << "what was there before";
        most = found.texts.size();
        for (std::size_t i = 0; i < found.texts.size(); i++) ASSERT_EQ(found.texts[i], text_of(i));
    }
    EXPECT_EQ(most, 6U);
}

TEST_F(file, with_a_flipped_bit_says_nothing_wrong) {
    write(30);
    const std::string all = contents(path_);
    const std::string path = directory_ + "/flipped.data";
    std::mt19937 random(1);
    for (int turn = 0; turn < 10'000; turn++) {
        const std::size_t bit = random() % (all.size() * 8);
        std::string some = all;
        some[bit / 8] = static_cast<char>(some[bit / 8] ^ (1 << (bit % 8)));
        put(path, some);
        const seen found = read(path);
        EXPECT_FALSE(found.whole) << bit;
        if (!found.error.empty()) {
            EXPECT_LT(bit / 8, start_size);
            continue;
        }
        EXPECT_GE(found.texts.size(), 29U) << bit << ": one chunk at most is damaged";
        std::size_t missing = 0;
        for (std::size_t i = 0; i < found.texts.size(); i++) {
            if (missing == 0 && found.texts[i] != text_of(i)) missing = 1;
            ASSERT_EQ(found.texts[i], text_of(i + missing)) << bit;
        }
    }
}

TEST_F(file, names_what_is_missing) {
    write(10);
    const std::string all = contents(path_);
    const auto size_of = [&](std::size_t at) {
        return head_size + decode_head(bytes_of(all.substr(at, head_size)))->stored_bytes;
    };
    const std::size_t second = start_size + size_of(start_size);
    const std::size_t third = second + size_of(second);

    put(path_, all.substr(0, second) + all.substr(third));
    seen found = read(path_);
    ASSERT_EQ(found.damages.size(), 1U);
    EXPECT_EQ(found.damages[0].is, damage::what::missing);
    EXPECT_EQ(found.damages[0].size, 1U);

    std::string hurt = all;
    hurt[second + head_size + 1] ^= 1;
    put(path_, hurt);
    found = read(path_);
    ASSERT_EQ(found.damages.size(), 1U);
    EXPECT_EQ(found.damages[0].is, damage::what::payload);
    EXPECT_EQ(found.damages[0].records, 5U);
    EXPECT_EQ(found.damages[0].cpu, 1U);
    EXPECT_EQ(found.texts.size(), 9U);

    hurt = all;
    hurt[second + 20] ^= 1;
    put(path_, hurt);
    found = read(path_);
    ASSERT_EQ(found.damages.size(), 1U);
    EXPECT_EQ(found.damages[0].is, damage::what::foreign);
    EXPECT_EQ(found.damages[0].records, 1U) << "a chunk";
    EXPECT_EQ(found.texts.size(), 9U);
}

TEST_F(file, of_a_newer_format_or_another_kind_is_refused) {
    write(1);
    std::string all = contents(path_);
    put(path_, "PERFILE2" + all.substr(8));
    EXPECT_THAT(read(path_).error, HasSubstr("no recording"));
    all[8] = 2;
    put(path_, all);
    EXPECT_THAT(read(path_).error, HasSubstr("damaged"));
    auto start = encode_start();
    start[8] = 2;
    recording::put(&start[12], crc_of(bytes(start).first(12)));
    put(path_, std::string(start.begin(), start.end()) + all.substr(start_size));
    EXPECT_THAT(read(path_).error, HasSubstr("newer"));
    EXPECT_THAT(read(directory_).error, HasSubstr("is no file"));
    EXPECT_THAT(read(directory_ + "/none").error, HasSubstr("No such file"));
}

TEST_F(file, chunk_of_a_kind_to_come_is_passed_over) {
    {
        auto writer = file_writer::create(AT_FDCWD, path_);
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->write({chunk_kind::spans, 0, 0, 0, 1}, bytes_of("1")));
        ASSERT_TRUE(writer->write({static_cast<chunk_kind>(999), 0, 0, 0, 1}, bytes_of("2")));
        ASSERT_TRUE(writer->write({chunk_kind::spans, 0, 0, 0, 1}, bytes_of("3")));
        ASSERT_TRUE(writer->end());
    }
    const seen found = read(path_);
    EXPECT_THAT(found.texts, testing::ElementsAre("1", "3"));
    EXPECT_TRUE(found.whole);
}

TEST_F(file, on_a_disk_that_is_full_is_good_up_to_there) {
    // RLIMIT_FSIZE stands for it: the write comes back short, and then with an error
    write(0, false);
    const auto child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{4096, 4096};
        setrlimit(RLIMIT_FSIZE, &limit);
        auto writer = file_writer::create(AT_FDCWD, path_);
        std::mt19937 random(1);
        std::string noise(1500, ' ');
        int status = writer ? 1 : 2;
        for (int i = 0; writer && i < 10; i++) {
            for (char& one : noise) one = static_cast<char>(random());
            if (const auto done = writer->write({chunk_kind::spans, 0, 0, 0, 1}, bytes_of(noise)); done) continue;
            status = i == 2 && !writer->write({chunk_kind::spans, 0, 0, 0, 1}, bytes_of("1")) && !writer->end() ? 0 : 3;
            break;
        }
        _exit(status);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    const seen found = read(path_);
    EXPECT_EQ(found.texts.size(), 2U);
    EXPECT_TRUE(found.damages.empty()) << "what did not fit is gone";
    EXPECT_FALSE(found.has_end);
}

} // namespace irqscope::recording
