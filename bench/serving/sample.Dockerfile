# The image of AWS's bring-your-own-container sample, with this model's library in the place of scikit-learn: nginx and
# OpenMP from Debian; Flask, pandas and gunicorn in the versions of the speed measurements.
ARG BASE_IMAGE=python:3.11-slim
FROM ${BASE_IMAGE}
RUN apt-get update && apt-get install --yes --no-install-recommends nginx libgomp1 ca-certificates && rm -rf /var/lib/apt/lists/*
ENV PYTHONUNBUFFERED=TRUE PYTHONDONTWRITEBYTECODE=TRUE PATH="/opt/program:${PATH}"
COPY requirements-peers.txt /tmp/
RUN grep -E '^(flask|gunicorn|lightgbm|msgspec|numpy|pandas)==' /tmp/requirements-peers.txt > /tmp/requirements.txt \
  && pip install --no-cache-dir --root-user-action=ignore -r /tmp/requirements.txt
COPY sample.py peer.py nginx.conf /opt/program/
WORKDIR /opt/program
