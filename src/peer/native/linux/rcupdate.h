/* SPDX-License-Identifier: MIT */
/*
 * RCU for one thread, found before the tree's own stand-in, which needs liburcu and a thread of its own.
 * Nobody reads beside the writer, so what is freed waits for the end of the operation: see slab.h.
 */
#ifndef PEER_RCUPDATE_H
#define PEER_RCUPDATE_H

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
void peer_free_later(struct rcu_head *head);

#define kfree_rcu(object, member)	peer_free_later(&(object)->member)

#define rcu_read_lock()			do { } while (0)
#define rcu_read_unlock()		do { } while (0)
#define rcu_dereference(p)		(*(volatile __typeof__(p) *)&(p))
#define rcu_dereference_raw(p)		rcu_dereference(p)
#define rcu_dereference_check(p, cond)	rcu_dereference(p)
#define rcu_dereference_protected(p, cond) (p)
#define rcu_assign_pointer(p, value)	__atomic_store_n(&(p), value, __ATOMIC_RELEASE)
#define RCU_INIT_POINTER(p, value)	do { (p) = (value); } while (0)

#endif
