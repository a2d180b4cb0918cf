"""The average of two checkpoints of one run: a little better than either where each is right in other places.

  python3 average.py work/before.pt work/after.pt --weight 0.8 --out work/checkpoint.pt
"""
import argparse

import torch


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first")
    parser.add_argument("second")
    parser.add_argument("--weight", type=float, default=0.5, help="of the second")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    first, second = torch.load(options.first, map_location="cpu"), torch.load(options.second, map_location="cpu")
    name = "average" if "average" in second else "net"
    for key in second[name]:
        second[name][key] = first[name][key] * (1 - options.weight) + second[name][key] * options.weight
    second["net"] = second[name]
    torch.save(second, options.out)


if __name__ == "__main__":
    main()
