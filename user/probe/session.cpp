// SPDX-License-Identifier: BSD-2-Clause
#include "probe/session.hpp"

#include "host/cpus.hpp"
#include "host/files.hpp"
#include "probe/configuration.hpp"
#include "probe/flight.hpp"
#include "probe/heartbeat.hpp"
#include "probe/object_code.hpp"
#include "probe/rings.hpp"
#include "probe/sysvecs.hpp"
#include "probe/wanted.hpp"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <random>
#include <span>
#include <string_view>
#include <utility>

#include "irqscope_bpf.skel.h"

namespace irqscope::probe {

namespace {

using model::metric;

struct close_link {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using link = std::unique_ptr<bpf_link, close_link>;

constexpr std::string_view tracepoint_section = "tp_btf/";

bool is_verbose = false; // NOLINT(*-avoid-non-const-global-variables): libbpf's print callback takes no argument

int print_libbpf(libbpf_print_level level, const char* format, va_list arguments) {
    return is_verbose && level != LIBBPF_DEBUG ? std::vfprintf(stderr, format, arguments) : 0;
}

// The tracepoint of a program, or nothing: the program is on none.
std::optional<std::string> tracepoint_of(const bpf_program* program) {
    const std::string_view section = bpf_program__section_name(program);
    if (!section.starts_with(tracepoint_section)) return std::nullopt;
    return std::string(section.substr(tracepoint_section.size()));
}

std::uint64_t make_run_mark() {
    std::random_device random;
    const std::uint64_t number = std::uint64_t{random()} << 32U | random();
    return (number | (WIRE_BEAT_GENERATIONS + 1)) & ~WIRE_BEAT_GENERATIONS; // not 0, and room for the generation
}

// Without the kernel's own BTF there is nothing that a tp_btf program could be checked against; a raw tracepoint has the
// same arguments and the same count of recursion misses (__bpf_trace_run). The section's handler has to be replaced
// before the object is opened: libbpf 1.1 goes on to look for the kernel's BTF when only the type is changed.
bool take_tracepoints_for_raw() {
    static const int handler =
        libbpf_register_prog_handler("tp_btf+", BPF_PROG_TYPE_RAW_TRACEPOINT, static_cast<bpf_attach_type>(0), nullptr);
    return handler >= 0;
}

std::string explain_load_failure(int reason) {
    switch (reason) {
    case EPERM:
    case EACCES:
        return "the kernel refuses to load BPF programs (operation not permitted): run as root, and see `irqscope "
               "doctor` for lockdown and capabilities";
    case ENOMEM: return "the kernel has no memory for the per-CPU maps (see `irqscope doctor` for memlock)";
    default:
        return fmt::format("the kernel refuses the BPF programs ({}); `irqscope -v hist` shows its words",
                           std::strerror(reason));
    }
}

} // namespace

void set_libbpf_verbose(bool verbose) {
    is_verbose = verbose;
    libbpf_set_print(print_libbpf);
}

struct session::implementation {
    struct destroy {
        void operator()(::irqscope_bpf* object) const { ::irqscope_bpf__destroy(object); }
    };
    std::vector<std::uint8_t> code; // that the object was opened from, if it is not the skeleton's own
    std::unique_ptr<::irqscope_bpf, destroy> object;
    std::vector<int> possible;
    ring_set rings;
    flight_set flights;
    std::string flight_refused;
    std::uint64_t run_mark = make_run_mark();
    std::vector<bpf_program*> programs; // those to attach
    std::vector<std::pair<std::string, link>> links;
    std::unique_ptr<heartbeat> beats;
    bool raw = false; // attached as raw tracepoints: the kernel's own BTF is out of reach
    bool soft = false;

    result<void> open(const kernel& on, const session_options& options, bool with_soft_beats);
    int open_object(const bpf_object_open_opts& with, bool with_printk);
    [[nodiscard]] int load() const;
    [[nodiscard]] int init_soft_beats() const;

    result<void> choose_programs(const kernel& on, const session_options& options);
    result<void> make_rings(const session_options& options);
    void make_flights(const session_options& options);
    [[nodiscard]] link attach(bpf_program* program) const;
    [[nodiscard]] int max_cpu() const { return possible.empty() ? 0 : possible.back(); }
};

result<void> session::implementation::choose_programs(const kernel& on, const session_options& options) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object->obj) {
        const auto tracepoint = tracepoint_of(program);
        if (!tracepoint) continue;
        bool load = is_wanted(*tracepoint, options, on.preempt_rt());
        if (tracepoint->starts_with("ipi_")) load = load && tells_ipis(on);
        if (load && !on.has_tracepoint(*tracepoint)) {
            if (!is_optional(*tracepoint))
                return failure(exit_status::not_possible,
                               fmt::format("this kernel's BTF has no tracepoint {}; irqscope needs 5.10 or later with "
                                           "CONFIG_TRACEPOINTS",
                                           *tracepoint));
            load = false;
        }
        bpf_program__set_autoload(program, load);
        if (!load) continue;
        programs.push_back(program);
    }
    return {};
}

result<void> session::implementation::make_rings(const session_options& options) {
    if (!options.wants_rings()) return {};
    auto made = ring_set::make(possible, options.ring_bytes);
    if (!made) return tl::unexpected(made.error());
    rings = std::move(*made);
    bpf_map__set_max_entries(object->maps.rings, static_cast<std::uint32_t>(max_cpu()) + 1);
    bpf_map__set_inner_map_fd(object->maps.rings, rings.descriptors().begin()->second);
    return {};
}

// One for each CPU that is online now and wanted. Without is no failure.
void session::implementation::make_flights(const session_options& options) {
    if (options.stalls.empty() || options.flight_spans == 0 || !flight_refused.empty()) return;
    if (flights.memory().empty()) {
        const auto online = host::online_cpus().value_or(possible);
        auto made =
            flight_set::make(options.cpus ? host::intersection(*options.cpus, online) : online, options.flight_spans);
        if (!made) {
            flight_refused = made.error().message;
            return;
        }
        flights = std::move(*made);
    }
    if (flights.memory().empty()) return;
    bpf_map__set_max_entries(object->maps.flights, static_cast<std::uint32_t>(max_cpu()) + 1);
    bpf_map__set_inner_map_fd(object->maps.flights, flights.descriptors().begin()->second);
}

result<void> session::implementation::open(const kernel& on, const session_options& options, bool with_soft_beats) {
    soft = with_soft_beats;
    programs.clear();
    bpf_object_open_opts open_options{};
    open_options.sz = sizeof(open_options);
    open_options.btf_custom_path = on.btf_file() ? on.btf_file()->c_str() : nullptr;
    if (const int failed = open_object(open_options, options.mark_printk); failed != 0)
        return failure(exit_status::failed, explain_load_failure(-failed));
    if (auto done = choose_programs(on, options); !done) return done;
    bpf_program__set_autoload(object->progs.init_soft_beat, soft);
    bpf_map__set_autocreate(object->maps.soft_beats, soft);
    bpf_program__set_autoload(object->progs.try_perf_event, options.mark_perf);
    bpf_map__set_autocreate(object->maps.mark_candidate, options.mark_perf);
    bpf_map__set_autocreate(object->maps.mark_events, options.mark_perf);
    bpf_map__set_autocreate(object->maps.mark_counts, options.marks());
    bpf_map__set_max_entries(object->maps.mark_events, static_cast<std::uint32_t>(max_cpu()) + 1);
    if (soft) bpf_map__set_max_entries(object->maps.soft_beats, static_cast<std::uint32_t>(max_cpu()) + 1);
    if (auto done = make_rings(options); !done) return done;
    make_flights(options);
    configure(object->rodata->config, on, options,
              {soft, flights.memory().empty() ? 0 : options.flight_spans, run_mark});
    object->bss->epoch = 1; // 0 is what a histogram that never counted shows
    return {};
}

// As the skeleton's own open() does it. 0, or -errno.
int session::implementation::open_object(const bpf_object_open_opts& with, bool with_printk) {
    object.reset(static_cast<::irqscope_bpf*>(std::calloc(1, sizeof(::irqscope_bpf)))); // NOLINT(*-no-malloc)
    if (!object) return -ENOMEM;
    if (const int failed = ::irqscope_bpf__create_skeleton(object.get()); failed != 0) return failed;
    bpf_object_skeleton& skeleton = *object->skeleton;
    if (!with_printk) {
        code = without_calls({static_cast<const std::uint8_t*>(skeleton.data), skeleton.data_sz}, trace_printk_helper);
        skeleton.data = code.data();
    }
    return bpf_object__open_skeleton(&skeleton, &with);
}

// 0, or -errno.
int session::implementation::load() const {
    if (const int failed = ::irqscope_bpf__load(object.get()); failed != 0) return failed;
    return soft ? init_soft_beats() : 0;
}

int session::implementation::init_soft_beats() const {
    for (const int cpu : possible) {
        wire_init_soft_beat which{static_cast<std::uint32_t>(cpu)};
        bpf_test_run_opts options{};
        options.sz = sizeof(options);
        options.ctx_in = &which;
        options.ctx_size_in = sizeof(which);
        const int failed = bpf_prog_test_run_opts(bpf_program__fd(object->progs.init_soft_beat), &options);
        if (failed != 0) return failed;
        if (options.retval != 0) return -EOPNOTSUPP;
    }
    return 0;
}

link session::implementation::attach(bpf_program* program) const {
    if (raw) return link(bpf_program__attach_raw_tracepoint(program, tracepoint_of(program)->c_str()));
    return link(bpf_program__attach(program));
}

session::session() : inner_(std::make_unique<implementation>()) {}
session::session(session&& other) noexcept = default;
session& session::operator=(session&& other) noexcept = default;
session::~session() = default;

result<session> session::load(const kernel& on, const session_options& options) {
    const auto possible = host::possible_cpus();
    if (!possible) return tl::unexpected(possible.error());
    set_libbpf_verbose(is_verbose);

    session made;
    made.options_ = options;
    implementation& inner = *made.inner_;
    inner.possible = *possible;
    inner.raw = on.btf_file().has_value();
    if (inner.raw && !take_tracepoints_for_raw())
        return failure(exit_status::failed, "libbpf takes no raw tracepoints in the place of typed ones");
    // A raw tracepoint's program may hold no timer (kernel/bpf/verifier.c, is_tracing_prog_type).
    const bool soft = options.metrics.contains(metric::softirq_off) && !inner.raw && on.has_timers();
    if (auto done = inner.open(on, options, soft); !done) return tl::unexpected(done.error());
    int failed = inner.load();
    if (failed != 0 && soft) { // a kernel with timers that refuses these: then without
        if (auto done = inner.open(on, options, false); !done) return tl::unexpected(done.error());
        failed = inner.load();
    }
    if (failed != 0 && !inner.flights.memory().empty()) { // or without its flight recorder
        inner.flights = flight_set();
        inner.flight_refused = fmt::format("the kernel refuses the programs with it ({})", std::strerror(-failed));
        if (auto done = inner.open(on, options, inner.soft); !done) return tl::unexpected(done.error());
        failed = inner.load();
    }
    if (failed != 0) return failure(exit_status::not_possible, explain_load_failure(-failed));
    if (auto done = inner.rings.publish(bpf_map__fd(inner.object->maps.rings)); !done)
        return tl::unexpected(done.error());
    if (auto done = inner.flights.publish(bpf_map__fd(inner.object->maps.flights)); !done)
        return tl::unexpected(done.error());
    made.reraises_ = inner.object->rodata->config.pending != 0;
    made.contexts_ = !on.softirq_callers().empty();
    return made;
}

bool session_options::wants_beats() const {
    return metrics.contains(metric::irq_off) || metrics.contains(metric::idle_exit) ||
           metrics.contains(metric::softirq_off);
}

bool session_options::wants_softirq_runs() const {
    return wants_split() || metrics.contains(metric::softirq_run); // the split needs their contexts
}

bool session::soft_beats() const { return inner_->soft; }

std::vector<int> session::beating() const { return inner_->beats ? inner_->beats->beating() : std::vector<int>{}; }

std::vector<int> session::without_beat() const {
    if (!inner_->beats) return {};
    const auto online = host::online_cpus();
    return host::difference(options_.cpus ? *options_.cpus : online.value_or(std::vector<int>{}), beating());
}

bool session::follow_cpus() {
    const auto online = host::online_cpus();
    if (!inner_->beats || !online) return false;
    const auto wanted = options_.cpus ? *options_.cpus : host::difference(*online, host::isolated_cpus());
    const auto gone = host::difference(inner_->beats->asked_for(), *online);
    const auto come = host::difference(host::intersection(wanted, *online), inner_->beats->asked_for());
    if (!gone.empty()) inner_->beats->stop(gone);
    if (!come.empty()) inner_->beats->start(come);
    return !gone.empty() || !come.empty();
}

result<void> session::attach() {
    for (bpf_program* program : inner_->programs) {
        const std::string name = bpf_program__name(program);
        link attached = inner_->attach(program);
        if (!attached)
            return failure(exit_status::not_possible, fmt::format("cannot attach to the tracepoint {}: {}",
                                                                  *tracepoint_of(program), std::strerror(errno)));
        inner_->links.emplace_back(name, std::move(attached));
    }
    // Only now do the programs count: no span has lost its begin to the order in which they were attached, and no raise
    // from before is taken for one that still waits.
    std::vector<wire_cpu_state> values(inner_->possible.size());
    for (std::size_t i = 0; i < values.size(); i++) {
        const int cpu = inner_->possible[i];
        const auto& wanted = options_.cpus;
        values[i].number = static_cast<std::uint32_t>(cpu);
        values[i].watchdog =
            std::binary_search(options_.watchdog_cpus.begin(), options_.watchdog_cpus.end(), cpu) ? 1 : 0;
        values[i].enabled = !wanted || std::binary_search(wanted->begin(), wanted->end(), cpu) ? 1 : 0;
    }
    const std::uint32_t zero = 0;
    if (bpf_map_update_elem(bpf_map__fd(inner_->object->maps.cpu_states), &zero, values.data(), BPF_ANY) != 0)
        return failure(exit_status::failed, fmt::format("cannot start the BPF programs: {}", std::strerror(errno)));
    if (!options_.wants_beats()) return {};
    inner_->beats = std::make_unique<heartbeat>(options_.beat_ns, inner_->run_mark);
    follow_cpus();
    if (beating().empty() && inner_->beats->refused() != 0)
        return failure(exit_status::not_possible,
                       fmt::format("the kernel refuses the heartbeats (perf_event_open of cpu-clock: {}); without them "
                                   "there are the metrics softirq_latency, softirq_run, hardirq_run and sysvec_run",
                                   std::strerror(inner_->beats->refused())));
    return {};
}

void session::detach() {
    inner_->beats.reset();
    auto& links = inner_->links;
    const auto begins = [](const auto& entry) { return !entry.first.ends_with("_exit"); };
    for (auto& entry : links)
        if (begins(entry)) entry.second.reset();
    links.clear();
}

std::vector<std::string> session::programs() const {
    std::vector<std::string> names;
    for (const bpf_program* program : inner_->programs) names.emplace_back(bpf_program__name(program));
    return names;
}

template <typename T>
result<by_cpu<T>> session::read_per_cpu(int map, std::uint32_t key) const {
    static_assert(sizeof(T) % 8 == 0, "the kernel rounds a per-CPU value up to 8 bytes");
    // The kernel writes one value for each possible CPU, packed; their numbers may have holes.
    std::vector<T> values(inner_->possible.size());
    if (bpf_map_lookup_elem(map, &key, values.data()) != 0)
        return failure(exit_status::failed, fmt::format("cannot read a BPF map: {}", std::strerror(errno)));
    by_cpu<T> found;
    for (std::size_t i = 0; i < values.size(); i++) found.emplace(inner_->possible[i], values[i]);
    return found;
}

result<by_cpu<wire_histogram>> session::histograms(std::uint32_t index) const {
    return read_per_cpu<wire_histogram>(bpf_map__fd(inner_->object->maps.histograms), index);
}

result<by_cpu<wire_cpu_state>> session::states() const {
    return read_per_cpu<wire_cpu_state>(bpf_map__fd(inner_->object->maps.cpu_states), 0);
}

result<stream::catalog> session::catalog() const {
    const auto now = states();
    if (!now) return tl::unexpected(now.error());
    return catalog(*now);
}

result<stream::catalog> session::catalog(const by_cpu<wire_cpu_state>& states) const {
    std::map<int, std::vector<wire_irq_slot>> slots;
    std::uint32_t most = 0;
    for (const auto& [cpu, state] : states) most = std::max(most, state.slots_used);
    for (std::uint32_t slot = 0; slot < std::min<std::uint32_t>(most, WIRE_IRQ_SLOTS); slot++) {
        const auto values = read_per_cpu<wire_irq_slot>(bpf_map__fd(inner_->object->maps.irq_slots), slot);
        if (!values) return tl::unexpected(values.error());
        for (const auto& [cpu, value] : *values)
            if (value.claimed != 0) slots[cpu].push_back(value);
    }
    stream::catalog names;
    for (auto& [cpu, list] : slots) names.set_slots(cpu, std::move(list));
    return names;
}

result<by_cpu<wire_mark_counts>> session::mark_counts() const {
    if (!options_.marks()) return by_cpu<wire_mark_counts>{};
    return read_per_cpu<wire_mark_counts>(bpf_map__fd(inner_->object->maps.mark_counts), 0);
}

session::perf_descriptors session::for_perf() const {
    return {bpf_map__fd(inner_->object->maps.mark_events), bpf_map__fd(inner_->object->maps.mark_candidate),
            bpf_program__fd(inner_->object->progs.try_perf_event)};
}

void session::set_marks_wait(bool wait) { inner_->object->bss->marks_wait = wait ? 1 : 0; }

std::map<std::string, std::uint64_t> session::recursion_misses() const {
    std::map<std::string, std::uint64_t> misses;
    for (const bpf_program* program : inner_->programs) {
        bpf_prog_info info{};
        std::uint32_t size = sizeof(info);
        if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0 && info.recursion_misses != 0)
            misses[bpf_program__name(program)] = info.recursion_misses;
    }
    return misses;
}

std::uint64_t session::kernel_bytes() const {
    constexpr std::string_view label = "memlock:";
    std::uint64_t sum = 0;
    const auto add = [&sum, label](int descriptor) {
        const auto text = host::read_file(fmt::format("/proc/self/fdinfo/{}", descriptor));
        if (!text) return;
        const std::size_t at = text->find(label);
        if (at == std::string::npos) return;
        const std::size_t start = text->find_first_not_of(" \t", at + label.size());
        std::uint64_t bytes = 0;
        if (start != std::string::npos &&
            std::from_chars(text->data() + start, text->data() + text->size(), bytes).ec == std::errc{})
            sum += bytes;
    };
    const bpf_map* map = nullptr;
    bpf_object__for_each_map(map, inner_->object->obj) add(bpf_map__fd(map));
    for (const auto& [cpu, descriptor] : rings()) add(descriptor);
    for (const auto& [cpu, descriptor] : inner_->flights.descriptors()) add(descriptor);
    return sum;
}

std::uint32_t session::next_epoch() { return inner_->object->bss->epoch++; }

std::uint64_t session::calibrate() {
    constexpr int runs = 16; // the first ones find cold caches
    std::uint64_t least = 0;
    for (int run = 0; run < runs; run++) {
        bpf_test_run_opts options{};
        options.sz = sizeof(options);
        if (bpf_prog_test_run_opts(bpf_program__fd(inner_->object->progs.calibrate), &options) != 0) return 0;
        const std::uint64_t ns = inner_->object->bss->calibrated_ns_per_call;
        if (ns != 0 && (least == 0 || ns < least)) least = ns;
    }
    return least;
}

const by_cpu<int>& session::rings() const { return inner_->rings.descriptors(); }

const by_cpu<std::span<const wire_flight>>& session::flights() const { return inner_->flights.memory(); }

const std::string& session::flight_refused() const { return inner_->flight_refused; }

} // namespace irqscope::probe
