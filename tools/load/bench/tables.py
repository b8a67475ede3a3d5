"""Markdown tables that also read well in a terminal."""


def table(head, rows):
    cells = [[str(c) for c in row] for row in [head] + list(rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |"

    return "\n".join([line(cells[0]), "|" + "|".join("-" * (w + 2) for w in widths) + "|"] +
                     [line(row) for row in cells[1:]])
