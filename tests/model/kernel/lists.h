/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists, as linux/list.h, rculist.h and llist.h have them.
 *
 * A walk here loads each link as if it were rcu_dereference()d, for those walks that meet an
 * addition at the end. The kernel's are plain loads, which on x86 find the same.
 */
#ifndef MODEL_LISTS_H
#define MODEL_LISTS_H

struct list_head {
	struct list_head *next, *prev;
};

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#define LIST_HEAD_INIT(name)	{ &(name), &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline struct list_head *model_list_next(const struct list_head *list)
{
	return __atomic_load_n(&list->next, __ATOMIC_ACQUIRE);
}

static inline void model_list_between(struct list_head *new, struct list_head *prev,
				      struct list_head *next)
{
	new->next = next;
	new->prev = prev;
	next->prev = new;
	__atomic_store_n(&prev->next, new, __ATOMIC_RELEASE);
}

static inline void list_add(struct list_head *new, struct list_head *head)
{
	model_list_between(new, head, head->next);
}

static inline void list_add_tail(struct list_head *new, struct list_head *head)
{
	model_list_between(new, head->prev, head);
}

#define list_add_tail_rcu	list_add_tail

#define list_del_rcu		list_del

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	__atomic_store_n(&entry->prev->next, entry->next, __ATOMIC_RELEASE);
	entry->next = NULL;
	entry->prev = NULL;
}

static inline void list_del_init(struct list_head *entry)
{
	list_del(entry);
	INIT_LIST_HEAD(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add(entry, head);
}

static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add_tail(entry, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return model_list_next(head) == head;
}

static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	if (list_empty(list))
		return;
	list->next->prev = head;
	list->prev->next = head->next;
	head->next->prev = list->prev;
	head->next = list->next;
	INIT_LIST_HEAD(list);
}

#define list_entry(ptr, type, member)		container_of(ptr, type, member)
#define list_first_entry(ptr, type, member)	list_entry((ptr)->next, type, member)
#define list_first_entry_or_null(ptr, type, member) ({			\
	struct list_head *__head = (ptr), *__next = model_list_next(__head);	\
	__next != __head ? list_entry(__next, type, member) : NULL; })
#define model_next_entry(pos, member)					\
	list_entry(model_list_next(&(pos)->member), typeof(*(pos)), member)
#define list_for_each_entry(pos, head, member)				\
	for (pos = list_entry(model_list_next(head), typeof(*pos), member);	\
	     &pos->member != (head); pos = model_next_entry(pos, member))
#define list_for_each_entry_rcu	list_for_each_entry
#define list_for_each_entry_safe(pos, n, head, member)			\
	for (pos = list_entry(model_list_next(head), typeof(*pos), member),	\
	     n = model_next_entry(pos, member);				\
	     &pos->member != (head); pos = n, n = model_next_entry(n, member))

#define llist_entry(ptr, type, member)	container_of(ptr, type, member)

static inline bool llist_empty(const struct llist_head *head)
{
	return !READ_ONCE(head->first);
}

static inline bool llist_add(struct llist_node *new, struct llist_head *head)
{
	struct llist_node *first = __atomic_load_n(&head->first, __ATOMIC_RELAXED);

	do {
		new->next = first;
	} while (!__atomic_compare_exchange_n(&head->first, &first, new, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	return !first;
}

static inline struct llist_node *llist_del_all(struct llist_head *head)
{
	return __atomic_exchange_n(&head->first, NULL, __ATOMIC_ACQ_REL);
}

#endif
