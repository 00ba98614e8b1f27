// SPDX-License-Identifier: GPL-2.0
/*
 * The name of a dma-buf has a spinlock of its own: since 5.8 (6348dd291e36), and in 5.4's
 * updates. Before, d_dname() takes the buffer's mutex to read it.
 */
#include <linux/dma-buf.h>

int dma_buf_name_lock(struct dma_buf *buf);
int dma_buf_name_lock(struct dma_buf *buf)
{
	return sizeof(buf->name_lock);
}
