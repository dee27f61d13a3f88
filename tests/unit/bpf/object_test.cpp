// SPDX-License-Identifier: BSD-2-Clause
// The linked BPF object loads on kernel 5.10, as far as its instructions, helpers, map and program types can tell.
#include "bpf/object_code.hpp"

#include <algorithm>
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <map>
#include <memory>

namespace irqscope::object {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// What is newer than 5.10, and why it may stay: there, and nowhere else.
const std::map<std::string, std::set<std::string>> allowed{
    // The loader leaves it out where the kernel has no bpf_timer (5.15): bpf_timer_init, bpf_timer_set_callback.
    {"init_soft_beat", {"helper 169", "helper 170", "a pointer to a function"}},
    // bpf_timer_start, behind config.soft_beat: that is in .rodata and 0 there, so the verifier drops the call unseen.
    {"hrtimer_expire_entry", {"helper 171"}},
};
// A program of a type that is newer, which the loader leaves out.
const std::set<std::string> allowed_types{"init_soft_beat"}; // BPF_PROG_TYPE_SYSCALL, 5.14

struct close_object {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
};

// As libbpf sees the object: types of programs and maps, a map of maps' inner one too.
std::set<std::string> newer_types(const char* path) {
    const std::unique_ptr<bpf_object, close_object> opened(bpf_object__open_file(path, nullptr));
    if (!opened) return {"libbpf cannot open it"};
    std::set<std::string> newer;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, opened.get()) {
        if (bpf_program__type(program) > BPF_PROG_TYPE_SK_LOOKUP) newer.insert(bpf_program__name(program)); // 5.9
    }
    bpf_map* map = nullptr;
    bpf_object__for_each_map(map, opened.get()) {
        const bpf_map* inner = bpf_map__inner_map(map);
        if (bpf_map__type(map) > BPF_MAP_TYPE_RINGBUF || (inner && bpf_map__type(inner) > BPF_MAP_TYPE_RINGBUF)) // 5.8
            newer.insert(bpf_map__name(map));
    }
    return newer;
}

// By the function's name.
std::map<std::string, std::set<std::string>> newer_functions(const char* path) {
    std::map<std::string, std::set<std::string>> found;
    for (const function& one : read_functions(path))
        if (auto newer = newer_than_5_10(one.instructions); !newer.empty()) found[one.name] = std::move(newer);
    return found;
}

bpf_insn made(int code, int source, std::int32_t immediate, std::int16_t offset = 0) {
    bpf_insn insn{};
    insn.code = static_cast<__u8>(code);
    insn.src_reg = static_cast<__u8>(source & 0xf);
    insn.off = offset;
    insn.imm = immediate;
    return insn;
}

std::set<std::string> check(std::vector<bpf_insn> instructions) { return newer_than_5_10(instructions); }

constexpr int call = BPF_JMP | BPF_CALL;
constexpr int load_64 = BPF_LD | BPF_IMM | BPF_DW;

} // namespace

TEST(bpf_object, last_helper_of_5_10_is_what_it_is_in_the_abi) {
    EXPECT_EQ(BPF_FUNC_redirect_peer, 155);
    EXPECT_EQ(BPF_MAP_TYPE_RINGBUF, 27);
    EXPECT_EQ(BPF_PROG_TYPE_SK_LOOKUP, 30);
}

TEST(bpf_object, holds_nothing_newer_than_5_10_but_what_the_loader_or_the_verifier_leaves_out) {
    // equal: what is allowed and not there is an exception that nobody needs
    EXPECT_EQ(newer_functions(IRQSCOPE_BPF_OBJECT), allowed);
    EXPECT_EQ(newer_types(IRQSCOPE_BPF_OBJECT), allowed_types);
}

TEST(bpf_object, is_read_whole_subprograms_included) {
    const auto functions = read_functions(IRQSCOPE_BPF_OBJECT);
    const std::unique_ptr<bpf_object, close_object> opened(bpf_object__open_file(IRQSCOPE_BPF_OBJECT, nullptr));
    ASSERT_TRUE(opened);
    bpf_program* program = nullptr;
    std::size_t programs = 0;
    bpf_object__for_each_program(program, opened.get()) {
        const auto found = std::find_if(functions.begin(), functions.end(),
                                        [&](const function& one) { return one.name == bpf_program__name(program); });
        ASSERT_NE(found, functions.end()) << bpf_program__name(program);
        EXPECT_EQ(found->section, bpf_program__section_name(program));
        EXPECT_EQ(found->instructions.size(), bpf_program__insn_cnt(program)) << found->name;
        programs++;
    }
    EXPECT_GT(programs, 0U);
    const auto subprograms =
        std::count_if(functions.begin(), functions.end(), [](const function& one) { return one.section == ".text"; });
    EXPECT_EQ(static_cast<std::size_t>(subprograms) + programs, functions.size());
    // every call of one of the object's own functions leads to a function that was read
    bool calls = false;
    for (const function& one : functions)
        for (const bpf_insn& insn : one.instructions) calls |= insn.code == call && insn.src_reg == BPF_PSEUDO_CALL;
    EXPECT_EQ(calls, subprograms != 0);
}

TEST(bpf_object, file_that_is_no_bpf_object_is_refused) {
    EXPECT_THROW(read_functions("/proc/self/exe"), std::runtime_error);
    EXPECT_THROW(read_functions("/dev/null"), std::runtime_error);
    EXPECT_THROW(read_functions("/nowhere"), std::runtime_error);
}

// The checker itself, from a real object with one fault a function ...

TEST(bpf_object_checker, finds_each_fault_of_an_object_that_is_too_new) {
    const std::map<std::string, std::set<std::string>> expected{
        {"too_new_part", {"helper 160"}},
        {"fetches", {"an atomic operation other than add"}},
        {"passes_callback", {"a pointer to a function"}},
        {"calls_kfunc", {"a call of a kernel function"}},
    };
    EXPECT_EQ(newer_functions(IRQSCOPE_TOO_NEW_OBJECT), expected);
    EXPECT_THAT(newer_types(IRQSCOPE_TOO_NEW_OBJECT), ElementsAre("of_a_new_type", "too_new_map"));
}

// ... and from made-up instructions, at the very edges.

TEST(bpf_object_checker, helpers_end_at_redirect_peer) {
    EXPECT_THAT(check({made(call, 0, 1)}), IsEmpty());
    EXPECT_THAT(check({made(call, 0, 155)}), IsEmpty());
    EXPECT_THAT(check({made(call, 0, 156)}), ElementsAre("helper 156"));
    EXPECT_THAT(check({made(call, 0, -1)}), testing::SizeIs(1));
}

TEST(bpf_object_checker, calls_into_the_object_are_no_helpers) {
    EXPECT_THAT(check({made(call, BPF_PSEUDO_CALL, 1000)}), IsEmpty());
    EXPECT_THAT(check({made(call, BPF_PSEUDO_CALL, -1)}), IsEmpty());
    EXPECT_THAT(check({made(call, BPF_PSEUDO_KFUNC_CALL, 1)}), testing::SizeIs(1));
    EXPECT_THAT(check({made(call, 3, 1)}), testing::SizeIs(1));
}

TEST(bpf_object_checker, atomics_are_plain_adds) {
    constexpr int word = BPF_STX | BPF_ATOMIC | BPF_W;
    constexpr int twice = BPF_STX | BPF_ATOMIC | BPF_DW;
    EXPECT_THAT(check({made(word, 1, BPF_ADD), made(twice, 1, BPF_ADD)}), IsEmpty());
    for (const int operation : {BPF_ADD | BPF_FETCH, BPF_OR | 0, BPF_AND | 0, BPF_XOR | 0, BPF_OR | BPF_FETCH,
                                BPF_XCHG | 0, BPF_CMPXCHG | 0}) {
        EXPECT_THAT(check({made(word, 1, operation)}), testing::SizeIs(1)) << operation;
        EXPECT_THAT(check({made(twice, 1, operation)}), testing::SizeIs(1)) << operation;
    }
}

TEST(bpf_object_checker, immediates_end_at_kernel_symbols) {
    for (const int source : {0, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, BPF_PSEUDO_BTF_ID})
        EXPECT_THAT(check({made(load_64, source, 5), made(0, 0, 0)}), IsEmpty()) << source;
    for (const int source : {BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE})
        EXPECT_THAT(check({made(load_64, source, 5), made(0, 0, 0)}), testing::SizeIs(1)) << source;
}

TEST(bpf_object_checker, other_half_of_an_immediate_is_no_instruction) {
    // its bytes may be anything: here it would be a call of a helper that is too new
    EXPECT_THAT(check({made(load_64, 0, 5), made(call, 0, 200)}), IsEmpty());
    EXPECT_THAT(check({made(load_64, 0, 5), made(0, 0, 0), made(call, 0, 200)}), testing::SizeIs(1));
}

TEST(bpf_object_checker, fourth_instruction_set_is_too_new) {
    EXPECT_THAT(check({made(BPF_LDX | BPF_MEM | BPF_W, 1, 0, 8)}), IsEmpty());
    EXPECT_THAT(check({made(BPF_LDX | 0x80 | BPF_W, 1, 0, 8)}), testing::SizeIs(1)); // ldsx
    EXPECT_THAT(check({made(BPF_ALU64 | BPF_MOV | BPF_X, 1, 0)}), IsEmpty());
    EXPECT_THAT(check({made(BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 32)}), testing::SizeIs(1)); // movsx
    EXPECT_THAT(check({made(BPF_ALU64 | BPF_DIV | BPF_X, 1, 0, 1)}), testing::SizeIs(1));  // sdiv
    EXPECT_THAT(check({made(BPF_ALU | BPF_END | BPF_X, 0, 16)}), IsEmpty());
    EXPECT_THAT(check({made(BPF_ALU64 | BPF_END | BPF_K, 0, 16)}), testing::SizeIs(1)); // bswap
    EXPECT_THAT(check({made(BPF_JMP | BPF_JA, 0, 0, 5)}), IsEmpty());
    EXPECT_THAT(check({made(BPF_JMP32 | BPF_JA, 0, 5)}), testing::SizeIs(1)); // gotol
    EXPECT_THAT(check({made(BPF_JMP | 0xe0, 0, 0, 5)}), testing::SizeIs(1));  // may_goto
    EXPECT_THAT(check({made(BPF_JMP32 | BPF_JSLE | BPF_K, 0, 5, 5), made(BPF_JMP | BPF_EXIT, 0, 0)}), IsEmpty());
}

TEST(bpf_object_checker, sees_past_the_first_fault) {
    EXPECT_THAT(check({made(call, 0, 160), made(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0), made(call, 0, 181)}),
                ElementsAre("helper 160", "helper 181"));
}

} // namespace irqscope::object
