// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Holds a CPU for a known time, and writes down what it really held. For guests of scripts/vm only: it stalls the machine.
 *
 * "KIND NANOSECONDS" into /proc/irqscope_hold holds the CPU of the writer, who waits until it is over:
 *   irq_off      interrupts off, in the writer
 *   bh_off       bottom halves off, in the writer (on PREEMPT_RT it can be preempted, and begins with a raise: no soft
 *                heartbeat makes one there, and where there is none nothing is held off)
 *   preempt_off  preemption off, in the writer: nothing that irqscope measures
 *   tasklet      one tasklet that long
 *   hardirq      a handler of a device interrupt that long: QEMU's edu device's (docs/specs/edu.rst), not threaded
 *   threaded     the same, as the kernel would have it: with threadirqs, and on PREEMPT_RT, in a thread (with interrupts
 *                off but for PREEMPT_RT, which begins as bh_off does: kernel/irq/manage.c, irq_forced_thread_fn)
 *   storm        a tasklet of 20 us that schedules itself for so long: ksoftirqd's storm
 * It reads as a line for each, "KIND CPU START_NS END_NS PREEMPTED_NS GAP_NS" on CLOCK_MONOTONIC, the oldest first; "forget
 * 0" empties it. GAP_NS: of the rest, the longest in which it got no further: interrupts ran, or the CPU stood.
 */
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#define EDU_VENDOR 0x1234
#define EDU_DEVICE 0x11e8
#define EDU_STATUS 0x24
#define EDU_RAISE 0x60
#define EDU_ACKNOWLEDGE 0x64
#define MOST_NS (30 * NSEC_PER_SEC)
#define STORM_STEP_NS (20 * NSEC_PER_USEC)

struct truth {
	const char *kind;
	int cpu;
	u64 start_ns;
	u64 end_ns;
	u64 preempted_ns; /* of it, while another task had the CPU; with the interrupts that came before and after that */
	u64 gap_ns;
};

static struct truth truths[4096];
static unsigned int count;
static DEFINE_MUTEX(lock); /* of all that is here: one hold at a time */

static struct truth now; /* what is being held */
static u64 length_ns;
static struct completion done;
static void __iomem *edu;

static void spin(u64 ns)
{
	u64 last = ktime_get_ns(), until = last + ns, time;
	unsigned long switches = current->nivcsw + current->nvcsw, before;

	while (last < until) {
		cpu_relax();
		before = switches;
		time = ktime_get_ns();
		switches = READ_ONCE(current->nivcsw) + READ_ONCE(current->nvcsw);
		if (switches != before)
			now.preempted_ns += time - last;
		else if (time - last > now.gap_ns)
			now.gap_ns = time - last;
		last = time;
	}
}

static void hold(void)
{
	now.cpu = raw_smp_processor_id();
	now.start_ns = ktime_get_ns();
	spin(length_ns);
	now.end_ns = ktime_get_ns();
}

static void hold_irq_off(void)
{
	unsigned long flags;

	local_irq_save(flags);
	hold();
	local_irq_restore(flags);
}

static void no_work(struct tasklet_struct *unused)
{
}
static DECLARE_TASKLET(a_raise, no_work);

/* With bottom halves off. */
static void hold_with_a_raise(void)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		tasklet_schedule(&a_raise);
	hold();
}

static void hold_bh_off(void)
{
	local_bh_disable();
	hold_with_a_raise();
	local_bh_enable();
}

static void hold_preempt_off(void)
{
	preempt_disable();
	hold();
	preempt_enable();
}

static void long_tasklet(struct tasklet_struct *unused)
{
	hold();
	complete(&done);
}
static DECLARE_TASKLET(the_tasklet, long_tasklet);

static void hold_tasklet(void)
{
	tasklet_schedule(&the_tasklet);
	wait_for_completion(&done);
}

static void storming_tasklet(struct tasklet_struct *itself)
{
	u64 ns = ktime_get_ns();

	if (!now.start_ns) {
		now.cpu = raw_smp_processor_id();
		now.start_ns = ns;
	}
	spin(STORM_STEP_NS);
	if (ns - now.start_ns < length_ns) {
		tasklet_schedule(itself);
		return;
	}
	now.end_ns = ktime_get_ns();
	complete(&done);
}
static DECLARE_TASKLET(the_storm, storming_tasklet);

static void hold_storm(void)
{
	tasklet_schedule(&the_storm);
	wait_for_completion(&done);
}

static irqreturn_t long_handler(int irq, void *unused)
{
	u32 status = ioread32(edu + EDU_STATUS);

	if (!status)
		return IRQ_NONE;
	if (in_hardirq())
		hold();
	else
		hold_with_a_raise();
	iowrite32(status, edu + EDU_ACKNOWLEDGE);
	complete(&done);
	return IRQ_HANDLED;
}

static int hold_in_handler(struct pci_dev *device, unsigned long flags)
{
	int irq = pci_irq_vector(device, 0);
	int error = request_irq(irq, long_handler, flags, "irqscope_hold", &edu);

	if (error)
		return error;
	irq_set_affinity(irq, cpumask_of(raw_smp_processor_id()));
	iowrite32(1, edu + EDU_RAISE);
	wait_for_completion(&done);
	free_irq(irq, &edu);
	return 0;
}

static struct pci_dev *edu_device;

static int hold_hardirq(const char *kind)
{
	if (!edu_device)
		return -ENODEV;
	return hold_in_handler(edu_device, strcmp(kind, "hardirq") == 0 ? IRQF_NO_THREAD : 0);
}

static const char *const kinds[] = { "irq_off", "bh_off", "preempt_off", "tasklet", "hardirq", "threaded", "storm" };

static int hold_as(const char *kind)
{
	if (strcmp(kind, "irq_off") == 0)
		hold_irq_off();
	else if (strcmp(kind, "bh_off") == 0)
		hold_bh_off();
	else if (strcmp(kind, "preempt_off") == 0)
		hold_preempt_off();
	else if (strcmp(kind, "tasklet") == 0)
		hold_tasklet();
	else if (strcmp(kind, "storm") == 0)
		hold_storm();
	else
		return hold_hardirq(kind);
	return 0;
}

static ssize_t command(struct file *file, const char __user *from, size_t size, loff_t *offset)
{
	char text[64] = "", kind[32];
	unsigned int i;
	int error = 0;
	u64 ns;

	if (size >= sizeof(text) || copy_from_user(text, from, size) || sscanf(text, "%31s %llu", kind, &ns) != 2 ||
	    ns > MOST_NS)
		return -EINVAL;
	mutex_lock(&lock);
	if (strcmp(kind, "forget") == 0) {
		count = 0;
		goto out;
	}
	for (i = 0; i < ARRAY_SIZE(kinds) && strcmp(kind, kinds[i]) != 0; i++)
		;
	error = i == ARRAY_SIZE(kinds) ? -EINVAL : count == ARRAY_SIZE(truths) ? -ENOSPC : 0;
	if (error)
		goto out;
	now = (struct truth){ .kind = kinds[i] };
	length_ns = ns;
	reinit_completion(&done);
	error = hold_as(kinds[i]);
	if (!error)
		truths[count++] = now;
out:
	mutex_unlock(&lock);
	return error ? error : size;
}

static int show(struct seq_file *to, void *unused)
{
	unsigned int i;

	mutex_lock(&lock);
	for (i = 0; i < count; i++)
		seq_printf(to, "%s %d %llu %llu %llu %llu\n", truths[i].kind, truths[i].cpu, truths[i].start_ns,
			   truths[i].end_ns, truths[i].preempted_ns, truths[i].gap_ns);
	mutex_unlock(&lock);
	return 0;
}

static int open_one(struct inode *inode, struct file *file)
{
	return single_open(file, show, NULL);
}

static const struct proc_ops operations = {
	.proc_open = open_one,
	.proc_read = seq_read,
	.proc_write = command,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

/* A guest without the device has no "hardirq" and no "threaded". */
static int find_edu(void)
{
	struct pci_dev *device = pci_get_device(EDU_VENDOR, EDU_DEVICE, NULL);
	int error;

	if (!device)
		return 0;
	error = pci_enable_device(device);
	if (error)
		goto put;
	pci_set_master(device); /* its message is a write */
	error = pci_alloc_irq_vectors(device, 1, 1, PCI_IRQ_MSI);
	if (error < 0)
		goto disable;
	edu = pci_iomap(device, 0, 0);
	if (edu) {
		edu_device = device;
		return 0;
	}
	error = -ENOMEM;
	pci_free_irq_vectors(device);
disable:
	pci_disable_device(device);
put:
	pci_dev_put(device);
	return error;
}

static int __init begin(void)
{
	int error;

	init_completion(&done);
	error = find_edu();
	if (error)
		return error;
	return proc_create("irqscope_hold", 0600, NULL, &operations) ? 0 : -ENOMEM;
}
module_init(begin);

/* It is never unloaded: the guest goes. */
MODULE_LICENSE("Dual BSD/GPL");
MODULE_DESCRIPTION("Holds a CPU for a known time, for irqscope's tests");
