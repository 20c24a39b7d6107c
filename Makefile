# `make demo` and `make test` each set everything up on their first call and start at once later.
# Variables: INPUT   what the demo segments: generator, a folder of images, a video or a bag
#            ARGS    further arguments for the command, e.g. make test ARGS="-k loss"
#            PYTHON  the interpreter to make .venv with

INPUT ?= generator
ARGS ?=
# Real frames with labels for the tests that want them; those are skipped where it is empty.
JETSEG_CAMVID ?= $(abspath $(wildcard ../shared/data/camvid))
export JETSEG_CAMVID PYTHON
# Test processes side by side; more of them want more memory (1.5 GB each) than they save time.
TEST_PROCESSES := --numprocesses auto --maxprocesses 4 --dist worksteal

RUN := bash scripts/run.sh

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench clean

help:
	@echo "make demo    segment a stream of frames with the real node; INPUT=folder|video|bag for your own"
	@echo "make test    run all tests"
	@echo "make lint    check style and types"
	@echo "make bench   time the shipped model on every backend of this machine, and draw docs/speed.png"
	@echo "make setup   only install and build"
	@echo "make clean   remove what was installed and built"

setup:
	@bash scripts/setup.sh

demo: setup
	@$(RUN) jetseg-demo --input "$(INPUT)" --output out/demo $(ARGS)

test: setup
	@OMP_NUM_THREADS=$${OMP_NUM_THREADS:-1} $(RUN) pytest $(TEST_PROCESSES) $(ARGS)

lint: setup
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

bench: setup
	@$(RUN) jetseg bench --size 512 512 --chart docs/speed.png $(ARGS)

clean:
	rm -rf .venv build install log *.egg-info
