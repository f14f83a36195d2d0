# Everything one needs, in two words. `make` alone lists the targets.

PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SEED ?= 1

.PHONY: help setup setup-dev run test test-slow check bench year

help: ## 列出可用的目标
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/ready ## 准备 .venv 和命令 shuiheng

setup-dev: .venv/ready-dev

# A stamp says which lock file was installed: with an unchanged lock nothing is done.
.venv/ready: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo '需要 Python 3.11 以上：请先安装 python3（或用 PYTHON=路径 指定）。'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo '这个 Python 缺少 ensurepip：请先安装 python3-venv（Debian、Ubuntu：apt-get install python3-venv）。'; exit 1; }
	@$(PIP) --version >/dev/null 2>&1 || { echo '建立 .venv'; $(PYTHON) -m venv --clear .venv; }
	@echo '安装依赖（第一次约 250 MB，要几分钟）'
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps -e .
	@echo '编译分配引擎（约一分钟，引擎不变就不再编译）'
	@$(BIN)/shuiheng compile
	@touch $@

.venv/ready-dev: .venv/ready requirements-dev.lock
	@echo '安装开发依赖'
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

run: setup ## 启动：DB=demo（默认）、real 或 practice，PORT=8000
	@exec $(BIN)/shuiheng run $(if $(DB),--db $(DB)) $(if $(PORT),--port $(PORT))

test: setup-dev ## 全部测试（慢的除外）
	@$(BIN)/python -m pytest -n 2 -m "not slow"

test-slow: setup-dev ## 耗时的验证
	@$(BIN)/python -m pytest -n 2 -m slow

check: setup-dev ## 格式、规范、类型、依赖方向、模板、迁移
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/shuiheng check

bench: setup-dev ## 性能指标，写入 var/bench.json；ONLY=engine 等只重做一组
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

year: setup ## 无界面模拟一个预算年度；SEED=42
	@exec $(BIN)/shuiheng year --seed $(SEED)
