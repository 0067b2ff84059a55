"""Runs Node.js functions, their streamed responses and DynamoDB Local as plain processes of LocalStack."""
